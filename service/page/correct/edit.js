// The correction of one image: a value per pixel, with undo and redo.

import { buildPyramid, refreshPyramid } from "../viewer/pyramid.js";

export const INSIDE = 0;
export const BOUNDARY = 1;
export const VOID = 2;

const MOST_STEPS = 200;

/**
 * @typedef {object} Step what undo takes back
 * @property {Uint32Array} places
 * @property {Uint8Array} before
 * @property {Uint8Array} after
 */

/** Values of pixels (inside, boundary, not annotated), changed in steps. */
export class Edit {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} data row by row; kept and changed
   */
  constructor(width, height, data) {
    this.width = width;
    this.height = height;
    this.data = data;
    this.levels = buildPyramid({ width, height, data });
    /** Whether there is something that has not been saved. */
    this.unsaved = false;
    /** @type {Uint8Array | null} the archive with the picture that is corrected */
    this.archive = null;
  }

  /** @type {Map<number, number>} place -> value before the step that is being made */
  #open = new Map();
  /** @type {Step[]} */
  #done = [];
  /** @type {Step[]} */
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /**
   * Set pixels as a part of the present step.
   * @param {Iterable<number>} places
   * @param {number} value
   */
  set(places, value) {
    const changed = [];
    for (const place of places) {
      const before = this.data[place];
      if (before === value) continue;
      if (!this.#open.has(place)) this.#open.set(place, before);
      this.data[place] = value;
      changed.push(place);
    }
    this.#refresh(changed);
  }

  /** End the present step. */
  commit() {
    if (!this.#open.size) return;
    const places = Uint32Array.from(this.#open.keys());
    this.#done.push({ places, before: Uint8Array.from(this.#open.values()), after: Uint8Array.from(places, (place) => this.data[place]) });
    if (this.#done.length > MOST_STEPS) this.#done.shift();
    this.#open = new Map();
    this.#undone = [];
    this.unsaved = true;
  }

  /** Take back the present step. */
  cancel() {
    for (const [place, value] of this.#open) this.data[place] = value;
    this.#refresh([...this.#open.keys()]);
    this.#open = new Map();
  }

  undo() {
    this.#move(this.#done, this.#undone, "before");
  }

  redo() {
    this.#move(this.#undone, this.#done, "after");
  }

  /**
   * @param {Step[]} from
   * @param {Step[]} to
   * @param {"before" | "after"} which
   */
  #move(from, to, which) {
    const step = from.pop();
    if (!step) return;
    for (const [index, place] of step.places.entries()) this.data[place] = step[which][index];
    to.push(step);
    this.#refresh(step.places);
    this.unsaved = true;
  }

  /** @param {ArrayLike<number>} places */
  #refresh(places) {
    if (!places.length) return;
    const box = { left: this.width, top: this.height, right: 0, bottom: 0 };
    for (let index = 0; index < places.length; index += 1) {
      const [column, row] = [places[index] % this.width, Math.floor(places[index] / this.width)];
      box.left = Math.min(box.left, column);
      box.top = Math.min(box.top, row);
      box.right = Math.max(box.right, column + 1);
      box.bottom = Math.max(box.bottom, row + 1);
    }
    refreshPyramid(this.levels, box);
  }
}
