/* Toasts: what the server said, in one live region; errors stay until dismissed. */
(() => {
  const tones = { error: "bad", warning: "warn", success: "good" };
  const region = () => document.getElementById("toasts");
  const SECONDS = 6;

  function leaveLater(toast) {
    if (toast.hasAttribute("data-stays")) return;
    let timer = setTimeout(() => toast.remove(), SECONDS * 1000);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => { timer = setTimeout(() => toast.remove(), 2000); });
  }

  function show({ level, text }) {
    const toast = document.createElement("div");
    toast.className = `toast tone-${tones[level] || "info"}`;
    if (level === "error") toast.dataset.stays = "";
    const line = document.createElement("p");
    line.textContent = text;
    const dismiss = document.createElement("button");
    dismiss.type = "button";
    dismiss.className = "btn btn-quiet btn-icon btn-small";
    dismiss.dataset.dismiss = "";
    dismiss.setAttribute("aria-label", "Dismiss");
    dismiss.textContent = "×";
    toast.append(line, dismiss);
    region().append(toast);
    leaveLater(toast);
  }

  document.addEventListener("toasts", (event) => (event.detail.value || []).forEach(show));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest(".toast")?.remove();
  });
  document.addEventListener("htmx:responseError", (event) => {
    // Our own error answers bring their sentence as a toast.
    if (event.detail.xhr.getResponseHeader("HX-Trigger")) return;
    show({ level: "error", text: `That did not work (${event.detail.xhr.status}). Nothing was changed.` });
  });
  document.addEventListener("htmx:sendError", () => {
    show({ level: "error", text: "The server cannot be reached. Nothing was changed; try again." });
  });
  document.addEventListener("DOMContentLoaded", () => region()?.querySelectorAll(".toast").forEach(leaveLater));
})();
