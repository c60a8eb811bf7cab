/* The quote editor: a row just added takes the focus, and no figure stands beside another input. */
(() => {
  const place = (root) => {
    const mark = root.querySelector?.("[data-focus]");
    mark?.parentElement.querySelector("select, input:not([type=hidden]), textarea")?.focus();
  };
  document.addEventListener("DOMContentLoaded", () => place(document));

  // What was typed before the scripts were there, or is restored by the browser, is worked out too.
  const isTyped = (field) => {
    if (field.type === "checkbox") return field.checked !== field.defaultChecked;
    if (field.options) return [...field.options].some((o) => o.defaultSelected && !o.selected);
    return field.value !== field.defaultValue;
  };
  addEventListener("pageshow", () => {
    const sheet = document.getElementById("quote-sheet");
    if (sheet && [...sheet.querySelectorAll("input, select, textarea")].some(isTyped))
      sheet.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "quote-editor") place(event.detail.elt);
  });
})();
