/* Turns a select of people into a field one searches by typing; the select stays the value. */
(() => {
  let made = 0;

  function enhance(select) {
    if (select.dataset.enhanced || select.disabled) return;
    select.dataset.enhanced = "1";
    const id = `picker-${++made}`;
    const box = document.createElement("div");
    box.className = "picker";
    const input = document.createElement("input");
    input.type = "text";
    input.autocomplete = "off";
    const set = (name, value) => value && input.setAttribute(name, value);
    set("role", "combobox"); set("aria-autocomplete", "list"); set("aria-expanded", "false"); set("aria-controls", id);
    set("aria-describedby", select.getAttribute("aria-describedby"));
    set("aria-invalid", select.getAttribute("aria-invalid"));
    const label = select.labels?.[0];
    input.id = `${id}-input`;
    if (label) label.htmlFor = input.id;
    else set("aria-label", select.getAttribute("aria-label") || select.name);
    const list = document.createElement("ul");
    list.className = "picker-list";
    list.id = id;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", label?.textContent || "People");
    const chosen = () => (select.value ? select.selectedOptions[0]?.text : "");
    input.value = chosen() || "";
    input.placeholder = select.querySelector('option[value=""]')?.text.replace(/^-+$/, "") || "Type a name";
    select.hidden = true;
    select.before(box);
    box.append(input, list, select);
    let active = -1;

    function show(query) {
      const words = query.toLowerCase().split(/\s+/).filter(Boolean);
      const matches = [...select.options].filter((option) =>
        (option.value || !select.required) && words.every((word) => option.text.toLowerCase().includes(word))).slice(0, 50);
      list.replaceChildren(...matches.map((option, at) => {
        const item = document.createElement("li");
        item.className = "menu-item";
        item.id = `${id}-${at}`;
        item.setAttribute("role", "option");
        item.dataset.value = option.value;
        item.textContent = option.value ? option.text : "Nobody";
        return item;
      }));
      if (!matches.length) list.textContent = "Nobody of that name";
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(words.length && matches.length ? 0 : -1);
    }
    function mark(at) {
      active = at;
      [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
      const item = list.children[at];
      if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    }
    function hide() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function choose(item) {
      if (!item?.hasAttribute("data-value")) return;
      select.value = item.dataset.value;
      input.value = chosen() || "";
      select.dispatchEvent(new Event("input", { bubbles: true }));
      select.dispatchEvent(new Event("change", { bubbles: true }));
      hide();
    }
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => show(""));
    input.addEventListener("input", (event) => { event.stopPropagation(); show(input.value); });
    input.addEventListener("blur", () => setTimeout(() => { hide(); input.value = chosen() || ""; }, 120));
    list.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(event.target.closest("li")); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) return show("");
        const count = list.children.length;
        mark((active + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        choose(list.children[active]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        hide();
      }
    });
  }

  const enhanceAll = (root) => root.querySelectorAll?.('select[data-picker]').forEach(enhance);
  document.addEventListener("DOMContentLoaded", () => enhanceAll(document));
  document.addEventListener("htmx:load", (event) => enhanceAll(event.detail.elt));
})();
