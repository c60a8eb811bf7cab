/* The board: a card dragged with mouse, pen or finger, or moved by keys. A column has one "Move to"
   menu for all its cards, and a drop presses its button, so that both meet the same gate. */
(() => {
  const HOLD = 280, SLOP = 6;
  let drag = null;

  const column = (element) => element?.closest?.("[data-board-column]");
  const opener = (card) => card.querySelector("[data-board-move]");
  const formOf = (card) => opener(card) && column(card)?.querySelector("[data-board-form]");
  const buttonFor = (card, key) => formOf(card)?.querySelector(`[name="stage"][value="${CSS.escape(key)}"]`);
  const chosen = new WeakMap();

  function choose(card) {
    const form = formOf(card), link = opener(card);
    if (!form) return null;
    chosen.set(form, card);
    form.action = link.href;
    form.elements.version.value = link.dataset.boardMove;
    return form;
  }

  function openMenu(card) {
    const menu = choose(card)?.querySelector("[data-board-menu]");
    if (!menu) return;
    menu.opener = opener(card);
    menu.showPopover({ source: menu.opener });
    menu.querySelector("button")?.focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-board-move]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const card = link.closest("[data-board-card]");
    if (!formOf(card)) return;
    event.preventDefault();
    openMenu(card);
  });
  // The menu serves every card of its column: the request goes to the one that was chosen.
  document.addEventListener("htmx:configRequest", (event) => {
    const form = event.target.closest?.("[data-board-form]");
    if (form) event.detail.path = form.getAttribute("action");
  });

  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("[data-board-card]");
    if (!card || event.button !== 0 || event.target.closest("button, [data-board-move], [popover], input")) return;
    if (!formOf(card)) return;
    drag = { card, from: column(card), x: event.clientX, y: event.clientY, on: false, id: event.pointerId, touch: event.pointerType === "touch" };
    // A finger scrolls, until it has rested on the card for a moment.
    if (drag.touch) drag.hold = setTimeout(() => drag && start(drag.x, drag.y), HOLD);
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.("[data-board-card]")) event.preventDefault();
  });

  function start(x, y) {
    const box = drag.card.getBoundingClientRect();
    drag.on = true;
    drag.dx = drag.x - box.left;
    drag.dy = drag.y - box.top;
    drag.ghost = drag.card.cloneNode(true);
    drag.ghost.removeAttribute("id");
    drag.ghost.classList.add("board-ghost");
    drag.ghost.setAttribute("aria-hidden", "true");
    drag.ghost.style.width = `${box.width}px`;
    document.body.append(drag.ghost);
    drag.card.classList.add("is-dragged");
    document.body.classList.add("is-dragging");
    for (const other of document.querySelectorAll("[data-board-column]"))
      other.classList.toggle("is-closed", other !== drag.from && !buttonFor(drag.card, other.dataset.boardColumn));
    move(x, y);
  }

  function move(x, y) {
    drag.ghost.style.transform = `translate(${x - drag.dx}px, ${y - drag.dy}px)`;
    const over = column(document.elementFromPoint(x, y));
    const target = over && over !== drag.from && buttonFor(drag.card, over.dataset.boardColumn) ? over : null;
    if (target !== drag.target) {
      drag.target?.classList.remove("is-target");
      target?.classList.add("is-target");
      drag.target = target;
    }
    const board = drag.card.closest("[data-board]");
    const box = board?.getBoundingClientRect();
    if (box && x > box.right - 48) board.scrollLeft += 16;
    if (box && x < box.left + 48) board.scrollLeft -= 16;
  }

  document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > SLOP;
    if (!drag.on && far && drag.touch) return stop();
    if (!drag.on && far) start(event.clientX, event.clientY);
    if (drag?.on) move(event.clientX, event.clientY);
  });
  document.addEventListener("touchmove", (event) => {
    if (drag?.on) event.preventDefault();
  }, { passive: false });
  document.addEventListener("contextmenu", (event) => {
    if (drag?.on) event.preventDefault();
  });
  document.addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const { on, card, target } = drag;
    stop();
    if (!on) return;
    // The click that ends a drag is no wish to open the deal.
    const swallow = (click) => {
      if (!click.isTrusted) return;
      click.preventDefault();
      click.stopPropagation();
    };
    addEventListener("click", swallow, { capture: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 60);
    if (target) press(card, target.dataset.boardColumn);
  });
  document.addEventListener("pointercancel", () => stop());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag?.on) stop();
  });

  function stop() {
    if (!drag) return;
    clearTimeout(drag.hold);
    drag.ghost?.remove();
    drag.target?.classList.remove("is-target");
    drag.card.classList.remove("is-dragged");
    document.body.classList.remove("is-dragging");
    for (const other of document.querySelectorAll(".is-closed[data-board-column]")) other.classList.remove("is-closed");
    drag = null;
  }

  function press(card, key) {
    // A click, not requestSubmit: htmx learns from it which button was pressed.
    choose(card);
    buttonFor(card, key)?.click();
  }

  // Keys: arrows walk the cards, m opens the card's menu.
  document.addEventListener("keydown", (event) => {
    const card = event.target.closest?.("[data-board-card]");
    if (!card || event.target.closest("[popover]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = [...card.closest("[data-board]").querySelectorAll("[data-board-column]")];
    const cardsOf = (element) => [...element.querySelectorAll("[data-board-card]")];
    const here = columns.indexOf(column(card)), row = cardsOf(columns[here]).indexOf(card);
    const focus = (found) => { if (found) { event.preventDefault(); found.querySelector("[data-board-focus]").focus(); } };
    if (event.key === "ArrowDown") focus(cardsOf(columns[here])[row + 1]);
    else if (event.key === "ArrowUp") focus(cardsOf(columns[here])[row - 1]);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const step = event.key === "ArrowRight" ? 1 : -1;
      for (let at = here + step; columns[at]; at += step) {
        const cards = cardsOf(columns[at]);
        if (cards.length) return focus(cards[Math.min(row, cards.length - 1)]);
      }
    } else if (event.key === "m") {
      if (!formOf(card)) return;
      event.preventDefault();
      openMenu(card);
    }
  });

  // A swap may replace the card that had the focus: give it back to the same card.
  let last = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    last = chosen.get(event.target.closest?.("[data-board-form]"))?.id || null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!last || document.querySelector("dialog[open]")) return;
    if (document.activeElement === document.body) document.getElementById(last)?.querySelector("[data-board-focus]")?.focus();
    last = null;
  });
})();
