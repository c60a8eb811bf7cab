/* Theme and width of the rail: remembered in a cookie that the server reads. */
(() => {
  const root = document.documentElement;
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-form]")) return;
    event.preventDefault();
    const theme = event.submitter.value;
    root.dataset.theme = theme;
    remember("theme", theme);
    for (const button of event.target.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.value === theme));
  });

  document.addEventListener("click", (event) => {
    const fold = event.target.closest("[data-fold-rail]");
    if (!fold) return;
    const rail = root.dataset.rail === "narrow" ? "wide" : "narrow";
    root.dataset.rail = rail;
    remember("rail", rail);
    fold.setAttribute("aria-pressed", String(rail === "narrow"));
  });
})();
