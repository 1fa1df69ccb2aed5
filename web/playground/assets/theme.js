// The theme: light, dark, or the system's. It is stored in localStorage and set as data-theme on the
// root element, which the styles and playground.js follow. This script runs in <head>, before the first
// paint, so that the page does not flash in another theme.
(() => {
  const key = "7p:theme";
  const root = document.documentElement;
  root.dataset.theme = localStorage.getItem(key) ?? "system";

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("theme");
    form.elements.theme.value = root.dataset.theme;
    form.addEventListener("change", () => {
      root.dataset.theme = form.elements.theme.value;
      localStorage.setItem(key, root.dataset.theme);
    });
  });
})();
