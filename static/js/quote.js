/* The quote editor: a row just added takes the focus. */
(() => {
  const place = (root) => {
    const mark = root.querySelector?.("[data-focus]");
    mark?.parentElement.querySelector("select, input:not([type=hidden]), textarea")?.focus();
  };
  document.addEventListener("DOMContentLoaded", () => place(document));
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "quote-editor") place(event.detail.elt);
  });
})();
