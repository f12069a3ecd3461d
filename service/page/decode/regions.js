// Operations on label images, as seg/instances/regions.py has them: 0 is background, labels are numbered from 1.

import { forEachContact } from "./contacts.js";
import { fill, maskOf } from "./fill.js";

/**
 * Return the connected regions of a mask, numbered from 1 in the order of their first pixels.
 * @param {Uint8Array} mask row by row, 1 where regions are
 * @param {number} width
 * @param {boolean} [corners] whether pixels that touch by a corner are connected
 * @returns {Int32Array}
 */
export function connectedRegions(mask, width, corners = false) {
  const labels = new Int32Array(mask.length);
  const parents = [0];
  for (let row = 0; row < mask.length; row += width) labelRow(mask, labels, parents, row, width, corners);
  const numbers = new Int32Array(parents.length);
  let count = 0;
  for (let label = 1; label < parents.length; label += 1) {
    numbers[label] = parents[label] === label ? (count += 1) : numbers[parents[label]];
  }
  for (let place = 0; place < labels.length; place += 1) labels[place] = numbers[labels[place]];
  return labels;
}

/**
 * Give the pixels of a row provisional labels; a label's parent is never larger than the label.
 * @param {Uint8Array} mask
 * @param {Int32Array} labels
 * @param {number[]} parents
 * @param {number} start of the row
 * @param {number} width
 * @param {boolean} corners
 */
function labelRow(mask, labels, parents, start, width, corners) {
  for (let x = 0, place = start; x < width; x += 1, place += 1) {
    if (!mask[place]) continue;
    let label = x > 0 ? labels[place - 1] : 0;
    if (start > 0) {
      label = join(parents, label, labels[place - width]);
      if (corners && x > 0) label = join(parents, label, labels[place - width - 1]);
      if (corners && x + 1 < width) label = join(parents, label, labels[place - width + 1]);
    }
    if (label === 0) label = parents.push(parents.length) - 1;
    labels[place] = label;
  }
}

/**
 * Make two labels one, and return it; 0 is none.
 * @param {number[]} parents
 * @param {number} one
 * @param {number} other
 */
function join(parents, one, other) {
  if (one === other || other === 0) return one;
  if (one === 0) return other;
  const [first, second] = [rootOf(parents, one), rootOf(parents, other)];
  const least = Math.min(first, second);
  parents[Math.max(first, second)] = least;
  return least;
}

/**
 * Return what a label has become a part of.
 * @param {number[] | Int32Array} parents
 * @param {number} label
 */
export function rootOf(parents, label) {
  while (parents[label] !== label) label = parents[label] = parents[parents[label]];
  return label;
}

/** @param {Int32Array} labels */
export function largest(labels) {
  let most = 0;
  for (let place = 0; place < labels.length; place += 1) if (labels[place] > most) most = labels[place];
  return most;
}

/**
 * Return the labels of at least so many pixels, numbered from 1 without gaps.
 * @param {Int32Array} labels
 * @param {number} least pixels
 * @returns {Int32Array}
 */
export function dropSmall(labels, least) {
  const sizes = new Int32Array(largest(labels) + 1);
  for (let place = 0; place < labels.length; place += 1) sizes[labels[place]] += 1;
  return renumber(labels, sizes.map((size, label) => Number(label > 0 && size >= Math.max(least, 1))));
}

/**
 * Return the labels that are kept, numbered from 1 without gaps.
 * @param {Int32Array} labels
 * @param {ArrayLike<number>} kept a flag per label
 * @returns {Int32Array}
 */
export function renumber(labels, kept) {
  const numbers = new Int32Array(kept.length);
  let count = 0;
  for (let label = 0; label < kept.length; label += 1) if (kept[label]) numbers[label] = count += 1;
  return fill(new Int32Array(labels.length), (place) => numbers[labels[place]]);
}

/**
 * Return the labels with each stretch of background that one cell alone encloses given to that cell.
 * @param {Int32Array} labels
 * @param {number} width
 * @returns {Int32Array}
 */
export function fillHoles(labels, width) {
  const background = connectedRegions(maskOf(labels.length, (place) => labels[place] === 0), width);
  const owners = new Int32Array(largest(background) + 1).fill(-1); // not touched by any cell yet
  forEachContact(labels, width, (one, other) => {
    const [hole, cell] = labels[one] === 0 ? [background[one], labels[other]] : [background[other], labels[one]];
    if (hole) owners[hole] = owners[hole] === -1 || owners[hole] === cell ? cell : 0;
  });
  const last = labels.length - width;
  for (let x = 0; x < width; x += 1) owners[background[x]] = owners[background[last + x]] = 0;
  for (let row = 0; row <= last; row += width) owners[background[row]] = owners[background[row + width - 1]] = 0;
  return fill(new Int32Array(labels.length), (place) => labels[place] || Math.max(owners[background[place]], 0));
}
