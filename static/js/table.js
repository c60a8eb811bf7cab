/* Tables: a row opens its first link; cells one types through move with the arrows and Enter. */
(() => {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-rows] tbody tr");
    if (!row || event.target.closest("a, button, input, select, label, details, [popover]")) return;
    if (String(getSelection())) return;
    const link = row.querySelector("a[href]");
    if (!link) return;
    event.ctrlKey || event.metaKey ? open(link.href, "_blank", "noopener") : link.click();
  });

  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches?.("table .cell-input")) return;
    const step = { ArrowUp: -1, ArrowDown: 1, Enter: 1 }[event.key];
    if (!step || input.tagName === "SELECT" || event.altKey) return;
    const cell = input.closest("td, th"), rows = [...input.closest("tbody").rows];
    for (let at = rows.indexOf(cell.parentElement) + step; rows[at]; at += step) {
      const next = rows[at].cells[cell.cellIndex]?.querySelector(".cell-input");
      if (!next) continue;
      event.preventDefault();
      next.focus();
      next.select?.();
      return;
    }
    if (event.key === "Enter") event.preventDefault(), input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
