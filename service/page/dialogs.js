// The dialogs: the model card, help, and the question for the token.

import { byId } from "./dom.js";
import { text } from "./language.js";

/** Let each button with data-opens open its dialog, and each with data-closes close it. */
export function startDialogs() {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => dialog(button.getAttribute("data-opens") ?? "").showModal());
  }
  for (const button of document.querySelectorAll("[data-closes]")) {
    button.addEventListener("click", () => button.closest("dialog")?.close());
  }
  for (const each of document.querySelectorAll("dialog")) {
    each.addEventListener("click", (event) => event.target === each && each.id !== "token-dialog" && each.close());
  }
}

/** Close each menu by Escape, and by a click beside it. */
export function startMenus() {
  const menus = /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.menu"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of menus) menu.open = false;
  });
  document.addEventListener("pointerdown", ({ target }) => {
    for (const menu of menus) if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
}

/** @type {Promise<string> | null} */
let asking = null;

/**
 * Ask the user for the token of the service.
 * @param {boolean} wrong whether another one was refused
 * @returns {Promise<string>}
 */
export function askForToken(wrong) {
  asking ??= new Promise((resolve) => {
    const field = /** @type {HTMLInputElement} */ (byId("token"));
    byId("token-wrong").textContent = wrong ? text("token.wrong") : "";
    field.value = "";
    const form = byId("token-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog("token-dialog").close();
      asking = null;
      resolve(field.value);
    }, { once: true });
    dialog("token-dialog").addEventListener("cancel", (event) => event.preventDefault());
    dialog("token-dialog").showModal();
  });
  return asking;
}

/** @param {string} id */
function dialog(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}
