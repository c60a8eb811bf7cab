/* Deciding by keys: r and t go into the reason, Ctrl Enter presses the verdict that was meant. Nothing here decides by itself. */
(() => {
  const box = () => document.querySelector("form[data-decide]");
  const meant = (form) => form.querySelector(".is-meant");
  document.addEventListener("keydown", (event) => {
    const form = box();
    if (!form || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target === form.reason && meant(form)) {
      event.preventDefault();
      meant(form).click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog[open]")) return;
    const button = form.querySelector(`[data-decide-key="${CSS.escape(event.key)}"]`);
    if (!button || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    meant(form)?.classList.remove("is-meant");
    button.classList.add("is-meant");
    form.reason.focus();
  });
})();
