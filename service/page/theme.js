// Light or dark: as the system says, or as was chosen.

import { byId } from "./dom.js";

const STORED = "septum-theme";

/** Show the page in the theme that was chosen before, and let another be chosen. */
export function startTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    document.documentElement.dataset.theme = localStorage.getItem(STORED) ?? (dark.matches ? "dark" : "light");
  };
  apply();
  dark.addEventListener("change", apply);
  byId("theme").addEventListener("click", () => {
    localStorage.setItem(STORED, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
}
