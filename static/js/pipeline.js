/* Small helps of the deal pages; everything here also works without. */
(() => {
  // Names of accounts while one types.
  let wait = null;
  document.addEventListener("input", (event) => {
    const field = event.target.closest?.('input[data-lookup="accounts"]');
    if (!field) return;
    clearTimeout(wait);
    wait = setTimeout(async () => {
      if (field.value.trim().length < 2) return;
      let list = document.getElementById(field.getAttribute("list") || "");
      if (!list) {
        list = document.createElement("datalist");
        list.id = `${field.id}-options`;
        field.after(list);
        field.setAttribute("list", list.id);
      }
      const answer = await fetch(`/accounts/options/?q=${encodeURIComponent(field.value)}`, { headers: { "HX-Request": "true" } });
      if (answer.ok) list.innerHTML = await answer.text();
    }, 150);
  });

  // Choosing several deals of the list.
  const picks = () => [...document.querySelectorAll('#chosen input[name="deal"]')];
  function count() {
    const text = document.querySelector("[data-chosen-count]"), all = document.querySelector("[data-pick-all]");
    if (!text) return;
    const chosen = picks().filter((pick) => pick.checked).length;
    text.textContent = chosen ? `${chosen} chosen` : "Choose deals to act on several at once.";
    document.querySelector("[data-chosen-acts]").classList.toggle("has-chosen", chosen > 0);
    all.checked = chosen > 0 && chosen === picks().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) for (const pick of picks()) pick.checked = event.target.checked;
    if (event.target.closest("#chosen")) count();
    const known = event.target.closest?.('select[name="contact"]');
    if (known) fold(known.form);
  });

  // Somebody known needs no name typed.
  function fold(form) {
    const known = form?.querySelector('select[name="contact"]'), part = form?.querySelector("[data-when-empty]");
    if (known && part) part.hidden = Boolean(known.value);
  }
  const start = () => {
    for (const all of document.querySelectorAll("[data-pick-all]")) all.hidden = false;
    count();
    for (const form of document.forms) fold(form);
  };
  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:load", start);

  // A place on the page that an act points to opens and takes the focus.
  function arrive() {
    const place = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!place) return;
    place.querySelector("details")?.setAttribute("open", "");
    place.querySelector("textarea, input:not([type=hidden], [type=radio])")?.focus();
  }
  addEventListener("hashchange", arrive);
  document.addEventListener("DOMContentLoaded", arrive);
})();
