// The list of images, and how far each has got.

import { byId, element } from "../dom.js";
import { text } from "../language.js";

/** @typedef {import("../session.js").Session} Session */
/** @typedef {import("../session.js").Item} Item */

const THUMBNAIL_PX = 88;

/** @type {WeakMap<Item, {of: import("../session.js").View, canvas: HTMLCanvasElement}>} */
const thumbnails = new WeakMap();

/**
 * Keep the list up to date.
 * @param {Session} session
 */
export function startList(session) {
  const list = byId("list");
  const show = () => {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.item : undefined;
    list.replaceChildren(...session.items.map((item) => entry(session, item)));
    if (focused) list.querySelector(`[data-item="${focused}"]`)?.dispatchEvent(new CustomEvent("refocus", { bubbles: true }));
  };
  list.addEventListener("refocus", (event) => event.target instanceof HTMLElement && event.target.focus());
  session.on(["list", "current"], show);
  session.addEventListener("change", () => updateProgress(session, list));
}

/**
 * @param {Session} session
 * @param {Item} item
 */
function entry(session, item) {
  const current = item === session.current;
  const about = element("span", { className: "about" }, element("span", { className: "name" }, item.name), element("span", { className: "state" }, stateOf(item)));
  const open = element("button", { type: "button", className: "open", title: item.name, "aria-current": current, "data-item": item.id }, thumbnail(item), about);
  open.addEventListener("click", () => session.select(item));
  const remove = element("button", { type: "button", className: "remove", "aria-label": text("list.remove", { name: item.name }), title: text("list.remove", { name: item.name }) }, "✕");
  remove.addEventListener("click", () => session.remove(item));
  return element("li", { className: `item ${item.status}` }, open, remove);
}

/** @param {Item} item */
function stateOf(item) {
  if (item.status === "ready" && item.edits.size) return text("state.corrected");
  if (item.status === "ready" && item.cells !== null) return text("measure.cells", { count: item.preview?.cells ?? item.cells }) + (item.unlike.length ? ` · ${text("state.unlike")}` : "");
  return item.progress ? text(`progress.${item.progress}`) : text(`state.${item.status}`);
}

/**
 * @param {Session} session
 * @param {HTMLElement} list
 */
function updateProgress(session, list) {
  for (const [place, item] of session.items.entries()) {
    const state = list.children[place]?.querySelector(".state");
    if (state && state.textContent !== stateOf(item)) state.textContent = stateOf(item);
  }
}

/** @param {Item} item */
function thumbnail(item) {
  const known = thumbnails.get(item);
  if (known && (known.of === item.view || !item.view)) return known.canvas;
  const canvas = element("canvas", { width: THUMBNAIL_PX, height: THUMBNAIL_PX, "aria-hidden": "true" });
  if (!item.view) return canvas;
  const picture = item.view.pictures[item.view.pictures.length - 1];
  const side = Math.min(picture.width, picture.height);
  canvas.getContext("2d")?.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, THUMBNAIL_PX, THUMBNAIL_PX);
  thumbnails.set(item, { of: item.view, canvas });
  return canvas;
}
