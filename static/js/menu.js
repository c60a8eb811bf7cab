/* Lists of acts: arrow keys inside an open popover, and its place where the browser has no anchors. */
(() => {
  const items = (menu) => [...menu.querySelectorAll("a[href], button")].filter((item) => item.offsetParent);
  const anchored = CSS.supports("position-area", "block-end");

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-menu]")) return;
    const opener = menu.opener || document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
    opener?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "open") return;
    if (!anchored && opener) place(menu, opener.getBoundingClientRect());
    if (opener?.matches(":focus-visible")) items(menu)[0]?.focus();
  }, true);

  function place(menu, box) {
    const left = Math.min(box.left, innerWidth - menu.offsetWidth - 8);
    const below = box.bottom + 4 + menu.offsetHeight < innerHeight;
    menu.style.left = `${Math.max(8, left)}px`;
    menu.style.top = `${below ? box.bottom : Math.max(8, box.top - menu.offsetHeight - 8)}px`;
  }

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("[data-menu]");
    const opener = event.target.closest?.("[aria-haspopup][popovertarget]");
    if (opener && event.key === "ArrowDown") {
      event.preventDefault();
      const list = document.getElementById(opener.getAttribute("popovertarget"));
      list.showPopover({ source: opener });
      return items(list)[0]?.focus();
    }
    if (!menu) return;
    const all = items(menu), at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all.at(next % all.length)?.focus();
  });

  // An act chosen inside a menu closes it, whether it leaves the page or swaps a part of it.
  document.addEventListener("click", (event) => {
    const item = event.target.closest(".menu-item:not([aria-disabled])");
    const menu = item?.closest("[popover]");
    if (menu && !item.hasAttribute("data-open-dialog")) setTimeout(() => menu.hidePopover?.(), 0);
  });
})();
