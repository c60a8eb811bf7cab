/* The inbox is walked with the arrows, j and k. */
(() => {
  const links = () => [...document.querySelectorAll("[data-roving] a.inbox-link")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const found = links(), at = found.indexOf(document.activeElement);
    if (!step || !found.length || (at < 0 && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    found[at < 0 ? 0 : Math.min(Math.max(at + step, 0), found.length - 1)].focus();
  });
})();
