// What the tools do to a correction.

import { BOUNDARY, INSIDE, VOID } from "./edit.js";
import { longestWall, regionAt, touchedRegions, wallBetween } from "./regions.js";
import { brushed } from "./strokes.js";

/** @typedef {import("./edit.js").Edit} Edit */
/** @typedef {import("./strokes.js").Place} Place */
/** @typedef {"draw" | "erase" | "void" | "split" | "merge" | "delete"} ToolName */

const SPLIT_PX = 2;

/** @type {Partial<Record<ToolName, number>>} tools that paint a value */
const VALUES = { draw: BOUNDARY, erase: INSIDE, void: VOID };

/** A stroke of one tool, from its start to its end. */
export class Stroke {
  /**
   * @param {Edit} edit
   * @param {ToolName} tool
   * @param {number} diameter of the brush, in pixels
   * @param {Place} start
   */
  constructor(edit, tool, diameter, start) {
    this.#edit = edit;
    this.#tool = tool;
    this.#diameter = diameter;
    this.#last = start;
    this.move(start);
  }

  #edit;
  #tool;
  #diameter;
  #last;
  /** @type {Set<number>} */
  #touched = new Set();

  /** @param {Place} place */
  move(place) {
    const value = VALUES[this.#tool];
    const diameter = value === undefined ? SPLIT_PX : this.#diameter;
    const places = brushed(this.#last, place, diameter, this.#edit);
    for (const each of places) this.#touched.add(each);
    this.#last = place;
    if (value !== undefined) this.#edit.set(places, value);
    if (this.#tool === "split") this.#edit.set([...places].filter((each) => this.#edit.data[each] === INSIDE), BOUNDARY);
  }

  end() {
    if (this.#tool === "merge") merge(this.#edit, this.#touched);
    if (this.#tool === "delete") dissolve(this.#edit, this.#touched);
    this.#edit.commit();
  }

  cancel() {
    this.#edit.cancel();
  }
}

/**
 * Remove the walls between all regions that a stroke touches.
 * @param {Edit} edit
 * @param {Set<number>} stroke
 */
export function merge(edit, stroke) {
  const regions = touchedRegions(edit, stroke);
  for (let first = 0; first < regions.length; first += 1) {
    for (let second = first + 1; second < regions.length; second += 1) {
      edit.set(wallBetween(edit, regions[first], regions[second]), INSIDE);
    }
  }
}

/**
 * Let the cell under the first pixel become a part of the neighbor with which it shares most of its boundary.
 * @param {Edit} edit
 * @param {Set<number>} stroke
 */
export function dissolve(edit, stroke) {
  const [start] = [...stroke].filter((place) => edit.data[place] !== BOUNDARY);
  if (start !== undefined) edit.set(longestWall(edit, regionAt(edit, start)), INSIDE);
}
