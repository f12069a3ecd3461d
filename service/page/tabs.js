// The three tabs beside the picture, after the pattern of the WAI-ARIA practices.

/**
 * Let the tabs be chosen by mouse and keys.
 * @param {(tab: string) => void} opened
 */
export function startTabs(opened) {
  const tabs = [.../** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[role=tab]"))];
  const open = (/** @type {HTMLButtonElement} */ chosen) => {
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !selected;
    }
    opened(chosen.dataset.tab ?? "");
  };
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = tabs[(place + step + tabs.length) % tabs.length];
      next.focus();
      open(next);
    });
  }
}
