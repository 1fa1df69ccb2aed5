// The theme: light, dark, or the system's. It is kept in localStorage and shown as data-theme on
// the root element, which the styles and playground.js follow. This script runs in <head>, before
// the first paint, so that a chosen theme does not flash.
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
