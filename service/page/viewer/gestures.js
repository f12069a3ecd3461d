// Mouse and touch: pan, zoom, point, and strokes of a tool.

import { Keys } from "./keys.js";

/** @typedef {import("./picture.js").Picture} Picture */
/**
 * @typedef {object} Pointing what happens to places of the image
 * @property {(place: [number, number] | null) => void} hover
 * @property {(place: [number, number]) => void} click
 * @property {() => boolean} drawing whether a drag is a stroke
 * @property {() => number} diameter of the brush, in pixels of the image
 * @property {(place: [number, number], phase: "start" | "move" | "end" | "cancel", straight: boolean) => void} stroke
 */

const ZOOM = 1.25;
const CLICK_PX = 4;

/**
 * Let a picture be moved and pointed at.
 * @param {Picture} picture
 * @param {Pointing} pointing
 */
export function listen(picture, pointing) {
  const { canvas, viewport } = picture;
  /** @type {Map<number, PointerEvent>} */
  const pointers = new Map();
  let moved = 0;
  let stroking = false;

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    moved = 0;
    if (stroking && pointers.size > 1) pointing.stroke(picture.placeOf(event), "cancel", false);
    stroking = pointing.drawing() && pointers.size === 1 && event.button === 0;
    if (stroking) pointing.stroke(picture.placeOf(event), "start", event.shiftKey);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    showBrush(picture, pointing, event);
    if (!before) {
      pointing.hover(picture.placeOf(event));
      return;
    }
    moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    if (stroking) for (const each of event.getCoalescedEvents?.() ?? [event]) pointing.stroke(picture.placeOf(each), "move", false);
    else if (pointers.size === 1) viewport.pan((event.clientX - before.clientX) * picture.density, (event.clientY - before.clientY) * picture.density);
    else pinch(picture, before, event, pointers);
    pointers.set(event.pointerId, event);
    picture.redraw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (stroking) pointing.stroke(picture.placeOf(event), "end", event.shiftKey);
    else if (moved < CLICK_PX && event.button === 0) pointing.click(picture.placeOf(event));
    stroking = false;
  });
  canvas.addEventListener("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    if (stroking) pointing.stroke(picture.placeOf(event), "cancel", false);
    stroking = false;
  });
  listenToOthers(picture, pointing);
}

/**
 * Listen to the pointer that leaves, the wheel and the keys.
 * @param {Picture} picture
 * @param {Pointing} pointing
 */
function listenToOthers(picture, pointing) {
  const { canvas } = picture;
  const keys = new Keys(picture, pointing);
  canvas.addEventListener("pointerleave", () => {
    pointing.hover(null);
    picture.cursor = null;
    picture.redraw();
  });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => wheel(picture, event), { passive: false });
  canvas.addEventListener("keydown", (event) => keys.press(event));
  canvas.addEventListener("blur", () => keys.release());
}

/**
 * Zoom by a factor about the middle.
 * @param {Picture} picture
 * @param {number} factor
 */
export function zoom(picture, factor) {
  const { viewport } = picture;
  viewport.zoomAt(viewport.width / 2, viewport.height / 2, factor);
  picture.redraw();
}

/**
 * @param {Picture} picture
 * @param {PointerEvent} before
 * @param {PointerEvent} event
 * @param {Map<number, PointerEvent>} pointers
 */
function pinch(picture, before, event, pointers) {
  const other = [...pointers.values()].find((each) => each.pointerId !== event.pointerId);
  if (!other) return;
  const box = picture.canvas.getBoundingClientRect();
  const distance = (/** @type {PointerEvent} */ each) => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY);
  const middle = [(event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top];
  picture.viewport.pan(((event.clientX - before.clientX) / 2) * picture.density, ((event.clientY - before.clientY) / 2) * picture.density);
  picture.viewport.zoomAt(middle[0] * picture.density, middle[1] * picture.density, distance(event) / Math.max(1, distance(before)));
}

/**
 * @param {Picture} picture
 * @param {WheelEvent} event
 */
function wheel(picture, event) {
  event.preventDefault();
  const box = picture.canvas.getBoundingClientRect();
  const steps = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 100 : event.deltaY / 3;
  picture.viewport.zoomAt((event.clientX - box.left) * picture.density, (event.clientY - box.top) * picture.density, ZOOM ** -steps);
  picture.redraw();
}

/**
 * Show how much a brush covers.
 * @param {Picture} picture
 * @param {Pointing} pointing
 * @param {PointerEvent} event
 */
function showBrush(picture, pointing, event) {
  const shown = pointing.drawing() && event.pointerType === "mouse";
  picture.cursor = shown ? { place: picture.placeOf(event), diameter: pointing.diameter(), cross: false } : null;
  if (shown) picture.redraw();
}
