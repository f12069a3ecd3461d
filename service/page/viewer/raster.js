// What is drawn over the image, computed for the pixels of the screen alone: a slider needs no more than one frame.

import * as colors from "./colors.js";

/** @typedef {import("./viewport.js").Viewport} Viewport */
/**
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @typedef {import("./pyramid.js").Level<T>} Level
 */
/**
 * @typedef {object} Cells how cells are shown
 * @property {number} chosen label of the chosen cell, 0 for none
 * @property {Uint8Array | null} excluded label -> 1 for cells that are left out
 */

const PROBABILITY = colors.probabilityColors();
const CELLS = colors.cellColors();
const STRIPE_PX = 8;

/**
 * Return the smallest code of a 16-bit probability that is boundary at a threshold.
 * @param {number} threshold
 */
export function boundaryCode(threshold) {
  return Math.round(threshold * 65535);
}

/**
 * Call back for each pixel of the screen that shows the image.
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<T>[]} levels
 * @param {(data: T, index: number, level: Level<T>, place: number) => number} color of a pixel; 0 is transparent
 */
function paint(screen, view, levels, color) {
  screen.fill(0);
  const depth = Math.min(levels.length - 1, Math.max(0, Math.floor(Math.log2(1 / view.scale) + 0.01)));
  const level = levels[depth];
  const columns = new Int32Array(view.width);
  for (let x = 0; x < view.width; x += 1) columns[x] = Math.floor((x + 0.5 - view.x) / view.scale);
  for (let y = 0; y < view.height; y += 1) {
    const row = Math.floor((y + 0.5 - view.y) / view.scale);
    if (row < 0 || row >= view.imageHeight) continue;
    const start = (row >> depth) * level.width;
    for (let x = 0, place = y * view.width; x < view.width; x += 1, place += 1) {
      const column = columns[x];
      if (column >= 0 && column < view.imageWidth) screen[place] = color(level.data, start + (column >> depth), level, place);
    }
  }
}

/**
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<Uint16Array>[]} levels of the probability
 * @param {number} threshold
 */
export function paintBoundary(screen, view, levels, threshold) {
  const code = boundaryCode(threshold);
  paint(screen, view, levels, (data, index) => (data[index] >= code ? colors.BOUNDARY : 0));
}

/**
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<Uint16Array>[]} levels of the probability
 */
export function paintProbability(screen, view, levels) {
  paint(screen, view, levels, (data, index) => PROBABILITY[data[index] >> 8]);
}

/**
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<Uint32Array>[]} levels of the labels
 * @param {Cells} cells
 */
export function paintCells(screen, view, levels, { chosen, excluded }) {
  paint(screen, view, levels, (data, index) => {
    const label = data[index];
    if (label === 0) return 0;
    if (label === chosen) return colors.CHOSEN_INSIDE;
    return excluded?.[label] ? colors.EXCLUDED : CELLS[(label * 37) & 63];
  });
  outlineChosen(screen, view, levels, chosen);
}

/**
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<Uint32Array>[]} levels of the labels
 * @param {Cells} cells
 */
export function paintOutlines(screen, view, levels, { chosen, excluded }) {
  paint(screen, view, levels, (data, index) => data[index]);
  const labels = screen.slice();
  edges(screen, labels, view.width, (label) => {
    if (label === chosen) return colors.CHOSEN;
    return excluded?.[label] ? colors.EXCLUDED : colors.OUTLINE;
  });
}

/**
 * Outline the chosen cell over any view.
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<Uint32Array>[]} levels of the labels
 * @param {number} chosen
 */
export function outlineChosen(screen, view, levels, chosen) {
  if (!chosen) return;
  const inside = new Uint32Array(screen.length);
  paint(inside, view, levels, (data, index) => (data[index] === chosen ? 1 : 0));
  const rings = new Uint32Array(screen.length);
  edges(rings, inside, view.width, () => colors.CHOSEN);
  for (let place = 0; place < screen.length; place += 1) if (rings[place]) screen[place] = rings[place];
}

/**
 * @param {Uint32Array} screen
 * @param {Viewport} view
 * @param {Level<Uint8Array>[]} levels of the correction: 1 boundary, 2 not annotated
 */
export function paintCorrection(screen, view, levels) {
  const { width } = view;
  paint(screen, view, levels, (data, index, _level, place) => {
    if (data[index] === 0) return 0;
    if (data[index] === 1) return colors.BOUNDARY;
    const stripe = ((place % width) + Math.floor(place / width)) % STRIPE_PX;
    return stripe < 2 ? colors.VOID_STRIPE : colors.VOID;
  });
}

/**
 * Draw the pixels of the screen whose label differs from that of a neighbor.
 * @param {Uint32Array} screen
 * @param {Uint32Array} labels
 * @param {number} width
 * @param {(label: number) => number} color
 */
function edges(screen, labels, width, color) {
  screen.fill(0);
  for (let place = 0; place < labels.length; place += 1) {
    const label = labels[place];
    if (label === 0) continue;
    const column = place % width;
    const differs =
      (column > 0 && labels[place - 1] !== label) ||
      (column + 1 < width && labels[place + 1] !== label) ||
      (place >= width && labels[place - width] !== label) ||
      (place + width < labels.length && labels[place + width] !== label);
    if (differs) screen[place] = color(label);
  }
}
