/* A draft's stages put in order: dragged by their handle with mouse, pen or finger, or moved with
   Alt and an arrow key. Both end in the form's own request; without scripts its buttons do it. */
(() => {
  let drag = null;

  const rowOf = (element) => element?.closest?.("[data-order-row]");
  const rowsOf = (form) => [...form.querySelectorAll("[data-order-row]")];
  const unmark = (form) => rowsOf(form).forEach((row) => row.classList.remove("is-above", "is-below"));

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    const row = rowOf(grip);
    drag = { row, form: row.closest("[data-order]"), id: event.pointerId, target: null };
    grip.setPointerCapture(event.pointerId);
    row.classList.add("is-dragged");
    event.preventDefault();
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const over = rowOf(document.elementFromPoint(event.clientX, event.clientY));
    unmark(drag.form);
    drag.target = null;
    if (!over || over === drag.row || over.closest("[data-order]") !== drag.form) return;
    const box = over.getBoundingClientRect();
    const isAbove = event.clientY < box.top + box.height / 2;
    over.classList.add(isAbove ? "is-above" : "is-below");
    drag.target = { row: over, isAbove };
  });

  function stop(event) {
    if (!drag || event.pointerId !== drag.id) return;
    const { row, form, target } = drag;
    row.classList.remove("is-dragged");
    unmark(form);
    drag = null;
    if (!target || event.type === "pointercancel") return;
    const keys = rowsOf(form).map((each) => each.dataset.key).filter((key) => key !== row.dataset.key);
    keys.splice(keys.indexOf(target.row.dataset.key) + (target.isAbove ? 0 : 1), 0, row.dataset.key);
    send(form, keys);
  }
  document.addEventListener("pointerup", stop);
  document.addEventListener("pointercancel", stop);

  function send(form, keys) {
    form.querySelectorAll("[data-order-value]").forEach((input) => input.remove());
    for (const key of keys) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: form.dataset.order, value: key });
      input.dataset.orderValue = "";
      form.append(input);
    }
    form.requestSubmit();
  }

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = rowOf(document.activeElement);
    if (!row) return;
    event.preventDefault();
    row.querySelector(`[name="${event.key === "ArrowUp" ? "up" : "down"}"]`)?.click();
  });

  // Where the focus was is taken away with the swap: it returns to the same button, or its twin.
  let held = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.matches?.("[data-rules]")) held = rowOf(document.activeElement)?.dataset.key || "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    const row = held && document.querySelector(`[data-order-row][data-key="${CSS.escape(held)}"]`);
    held = "";
    if (!row) return;
    const live = document.querySelector("[data-rules-live]");
    const rows = rowsOf(row.closest("[data-order]"));
    if (live) live.textContent = `${row.querySelector("a").textContent}: place ${rows.indexOf(row) + 1} of ${rows.length}`;
    if (!row.contains(document.activeElement))
      (row.querySelector(document.activeElement?.name === "up" ? '[name="up"]:enabled' : "a") || row).focus();
  });
})();
