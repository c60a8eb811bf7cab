/* Keys: / search, Ctrl K commands, data-key for a page's own acts; arrows in lists of results. */
(() => {
  const typing = (element) => element.closest?.("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const commands = document.getElementById("commands");
      if (!commands) return;
      event.preventDefault();
      commands.open ? commands.close() : commands.showModal();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const focus = document.querySelector(`[data-key-focus="${CSS.escape(event.key)}"]`);
    if (focus) { event.preventDefault(); focus.focus(); focus.select?.(); return; }
    const act = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([aria-disabled])`);
    if (act && act.offsetParent) { event.preventDefault(); act.matches("input, select, textarea") ? act.focus() : act.click(); }
  });

  // Commands: the fixed entries are filtered here, what the server found is added below them.
  const shown = (list) => [...list.querySelectorAll("[data-command]")].filter((item) => !item.hidden);
  function activate(list, at) {
    const items = shown(list);
    items.forEach((item, index) => item.classList.toggle("is-active", index === at));
    items[at]?.scrollIntoView({ block: "nearest" });
    return items[at];
  }
  const listOf = (input) => input.closest("[data-commands]")?.querySelector("[data-commands-list]")
    || (input.id === "search" ? document.getElementById("search-results") : null);

  document.addEventListener("input", (event) => {
    const dialog = event.target.closest?.("[data-commands]");
    if (!dialog) return;
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of dialog.querySelectorAll("[data-command]:not([data-found])"))
      item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
    activate(dialog, 0);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "command-results") activate(event.detail.target.closest("[data-commands]"), 0);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches?.('input[type="search"]')) return;
    const list = listOf(input);
    if (!list) return;
    const items = shown(list), at = items.findIndex((item) => item.classList.contains("is-active"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (items.length) activate(list, (at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      items[at].click();
    } else if (event.key === "Escape") {
      // A search field would only empty itself.
      const dialog = input.closest("dialog");
      dialog ? dialog.close() : input.blur();
    }
  });
})();
