/* Native dialogs: opened by data-open-dialog, by a swap into #dialog-body, by data-open. */
(() => {
  const body = () => document.getElementById("dialog-body");

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.openDialog);
      opener.closest("[popover]")?.hidePopover();
      if (dialog && !dialog.open) dialog.showModal();
      event.preventDefault();
    }
    if (event.target.closest("[data-close-dialog]")) {
      event.preventDefault();
      event.target.closest("dialog")?.close();
    }
    // A press on the backdrop lands on the dialog itself, outside its box.
    if (event.target.matches("dialog[open]")) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right
        && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.detail > 0 && !event.target.querySelector("form.is-changed"))
        event.target.close();
    }
    // A button with a reason stays reachable, and does nothing.
    if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body()) return;
    const dialog = body().closest("dialog");
    if (!body().innerText.trim() && !body().querySelector("input, button")) return dialog.close();
    const title = body().querySelector("h1, h2");
    if (title) dialog.setAttribute("aria-label", title.textContent.trim());
    if (!dialog.open) dialog.showModal();
    (body().querySelector('[aria-invalid="true"], [role="alert"], [autofocus], input:not([type="hidden"]), select, textarea')
      || dialog).focus();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr?.status === 204) event.target.closest?.("dialog")?.close();
  });
  document.addEventListener("close-dialog", () => {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  });
  document.addEventListener("close", (event) => {
    if (event.target.matches?.("[data-frame-dialog]")) body().replaceChildren();
  }, true);

  const openMarked = () => {
    for (const dialog of document.querySelectorAll("dialog[data-open]:not([open])")) dialog.showModal();
  };
  document.addEventListener("DOMContentLoaded", openMarked);
})();
