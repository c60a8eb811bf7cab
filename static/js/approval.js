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
/* What is ticked is of one route: the others cannot be ticked until it is let go. */
(() => {
  const form = document.querySelector("form[data-together]");
  if (!form) return;
  const boxes = [...form.elements].filter((field) => field.name === "slot");
  const words = form.querySelector("[data-together-count]");
  function narrow() {
    const ticked = boxes.filter((box) => box.checked);
    for (const box of boxes) {
      box.disabled = ticked.length > 0 && box.dataset.tier !== ticked[0].dataset.tier;
      box.closest("label").title = box.disabled ? "It asks other people than the ticked ones" : "";
    }
    words.textContent = ticked.length === 1 ? "The one ticked" : `The ${ticked.length} ticked`;
  }
  for (const box of boxes) box.addEventListener("change", narrow);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const box = event.target.closest?.(".inbox-row")?.querySelector('input[name="slot"]');
    if (!box) return;
    event.preventDefault();
    box.click();
  });
  narrow();
})();
