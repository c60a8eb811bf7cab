/* Forms that lose nothing and send nothing twice. */
(() => {
  const key = (form) => `keep:${form.dataset.keep}`;
  const kept = (form) => [...form.elements].filter((field) =>
    field.name && !["hidden", "password", "file", "submit"].includes(field.type));

  function restore(root) {
    for (const form of root.querySelectorAll?.("form[data-keep]") || []) {
      let saved = {};
      try { saved = JSON.parse(sessionStorage.getItem(key(form))) || {}; } catch { /* nothing kept */ }
      for (const field of kept(form)) {
        if (!(field.name in saved)) continue;
        if (field.type === "checkbox" || field.type === "radio") field.checked = saved[field.name].includes(field.value);
        else if (!field.value || field.tagName !== "INPUT") field.value = saved[field.name];
      }
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form) return;
    form.classList.add("is-changed");
    if (!form.dataset.keep) return;
    const values = {};
    for (const field of kept(form)) {
      if (field.type === "checkbox" || field.type === "radio") {
        values[field.name] ||= [];
        if (field.checked) values[field.name].push(field.value);
      } else values[field.name] = field.value;
    }
    sessionStorage.setItem(key(form), JSON.stringify(values));
  });

  // A native form is sent once; htmx forms say hx-disabled-elt themselves.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.keep) sessionStorage.removeItem(key(form));
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // A filter form submits itself when a choice changes.
  document.addEventListener("change", (event) => {
    if (event.target.matches("form[data-auto] select, form[data-auto] input[type=checkbox], form[data-auto] input[type=radio], form[data-auto] input[type=date]"))
      event.target.form.requestSubmit();
  });

  document.addEventListener("DOMContentLoaded", () => {
    restore(document);
    document.querySelector('.errorlist, [aria-invalid="true"]')?.closest("form")
      ?.querySelector('[aria-invalid="true"]')?.focus();
  });
  document.addEventListener("htmx:load", (event) => restore(event.detail.elt));
})();
