/* Clean-up mode: Enter goes to the form that clears the finding; each step is said aloud. */
(() => {
  const said = document.getElementById("clean-up-said");
  const say = () => {
    const step = document.querySelector("[data-clean-up]");
    if (said && step) said.textContent = step.dataset.said;
  };

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (document.querySelector("dialog[open]")) return;
    const at = document.activeElement;
    if (at && at !== document.body && at.id !== "clean-up-title") return;
    const field = document.querySelector('[data-act] :is(input:not([type="hidden"]), select, textarea, button, a)');
    if (field) { event.preventDefault(); field.focus(); }
  });

  document.addEventListener("htmx:afterSwap", () => {
    say();
    document.getElementById("clean-up-title")?.focus({ preventScroll: true });
  });
  say();
})();
