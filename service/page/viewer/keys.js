// The picture by keys alone: arrows move it, or with a tool a cross that draws while it is down.

import { zoom } from "./gestures.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./gestures.js").Pointing} Pointing */

const STEP_PX = 60;
const CROSS_STEP_PX = 12;
const ZOOM = 1.25;

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What keys do while the picture has the focus. */
export class Keys {
  /**
   * @param {Picture} picture
   * @param {Pointing} pointing
   */
  constructor(picture, pointing) {
    this.#picture = picture;
    this.#pointing = pointing;
  }

  #picture;
  #pointing;
  #down = false;
  /** @type {[number, number] | null} the cross, in pixels of the image */
  #cross = null;

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const { viewport } = this.#picture;
    /** @type {Record<string, () => void>} */
    const actions = {
      "+": () => zoom(this.#picture, ZOOM),
      "=": () => zoom(this.#picture, ZOOM),
      "-": () => zoom(this.#picture, 1 / ZOOM),
      "0": () => viewport.fit(),
    };
    if (this.#pointing.drawing()) Object.assign(actions, { Enter: () => this.#pen(), Escape: () => this.release() });
    const act = arrow ? () => this.#arrow(arrow, event.shiftKey) : actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    this.#picture.redraw();
  }

  /** Take back what the cross draws, and the cross. */
  release() {
    if (this.#down && this.#cross) this.#pointing.stroke(this.#cross, "cancel", false);
    this.#down = false;
    this.#cross = null;
    this.#picture.cursor = null;
    this.#picture.redraw();
  }

  /**
   * @param {[number, number]} direction
   * @param {boolean} fine one pixel of the image
   */
  #arrow([dx, dy], fine) {
    const { viewport, density } = this.#picture;
    if (!this.#pointing.drawing()) {
      viewport.pan(-dx * STEP_PX * density, -dy * STEP_PX * density);
      return;
    }
    const step = fine ? 1 : Math.max(1, (CROSS_STEP_PX * density) / viewport.scale);
    const [x, y] = this.#place();
    this.#cross = [clamp(x + dx * step, viewport.imageWidth), clamp(y + dy * step, viewport.imageHeight)];
    viewport.reveal(...this.#cross);
    if (this.#down) this.#pointing.stroke(this.#cross, "move", false);
    this.#show();
  }

  #pen() {
    this.#pointing.stroke(this.#place(), this.#down ? "end" : "start", false);
    this.#down = !this.#down;
    this.#show();
  }

  /** @returns {[number, number]} the cross; at first the middle of the screen */
  #place() {
    const { viewport } = this.#picture;
    this.#cross ??= viewport.toImage(viewport.width / 2, viewport.height / 2);
    return this.#cross;
  }

  #show() {
    this.#picture.cursor = { place: this.#place(), diameter: this.#pointing.diameter(), cross: true };
  }
}

/**
 * @param {number} place
 * @param {number} size
 */
function clamp(place, size) {
  return Math.min(size - 0.5, Math.max(0.5, place));
}
