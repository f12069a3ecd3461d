// Keys of the tab Correct: tools, size of the brush, undo and redo.

import { byId } from "../dom.js";

/** @type {Record<string, string>} */
const TOOLS = { d: "draw", e: "erase", s: "split", m: "merge", x: "delete", n: "void", v: "move" };

/**
 * @typedef {object} Shortcuts what keys lead to
 * @property {() => boolean} active whether the tab is open
 * @property {(which: "undo" | "redo") => void} step
 * @property {(by: number) => void} resize the brush
 */

/**
 * Listen to the keys wherever the focus is, but in a field of text or a dialog.
 * @param {Shortcuts} shortcuts
 */
export function startShortcuts(shortcuts) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=radio], [type=range]), select, textarea");
    if (!shortcuts.active() || typing || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      shortcuts.step(key === "y" || event.shiftKey ? "redo" : "undo");
    } else if (!event.altKey) {
      if (key === "[" || key === "]") shortcuts.resize(key === "]" ? 1 : -1);
      if (key in TOOLS) byId(`tool-${TOOLS[key]}`).click();
    }
  });
}
