// Peaks of a height map that are far enough above the saddles between them, as seg/instances/peaks.py finds them.

import { Contacts } from "./contacts.js";
import { fill, maskOf } from "./fill.js";
import { connectedRegions, largest, renumber, rootOf } from "./regions.js";
import { cut, inTiles } from "./tiles.js";

/**
 * Number the peaks of a height map; peaks without a saddle as deep as `depth` between them share a number.
 * @param {Float32Array} height row by row, >= 0; 0 is background
 * @param {number} width
 * @param {number} depth in the unit of the height
 * @returns {Int32Array}
 */
export function numberPeaks(height, width, depth) {
  const highest = highestBeside(height, width);
  const peaks = connectedRegions(maskOf(height.length, (place) => height[place] > 0 && height[place] === highest[place]), width, true);
  const count = largest(peaks);
  const tops = new Float64Array(count + 1);
  for (let place = 0; place < peaks.length; place += 1) if (peaks[place]) tops[peaks[place]] = Math.max(tops[peaks[place]], height[place]);
  const basins = inTiles(height.length / width, width, (box) => climb(cut(height, width, box), cut(peaks, width, box), box.right - box.left));
  const saddles = new Contacts(basins, width, (one, other) => Math.min(height[one], height[other])).pairs.filter(({ first }) => first > 0);
  const joined = join(saddles, tops, depth);
  const feet = feetOf(joined, saddles);
  const owners = fill(new Int32Array(basins.length), (place) => (height[place] > feet[joined[basins[place]]] ? joined[basins[place]] : 0));
  const kept = new Uint8Array(count + 1);
  for (let peak = 1; peak <= count; peak += 1) kept[joined[peak]] = 1;
  return renumber(owners, kept);
}

/**
 * Return the highest of the 3 x 3 pixels around each.
 * @param {Float32Array} height
 * @param {number} width
 */
function highestBeside(height, width) {
  const last = height.length - width;
  const inColumns = fill(new Float32Array(height.length), (place) => Math.max(height[place], place < width ? 0 : height[place - width], place < last ? height[place + width] : 0));
  return fill(new Float32Array(height.length), (place) => {
    const x = place % width;
    return Math.max(inColumns[place], x > 0 ? inColumns[place - 1] : 0, x + 1 < width ? inColumns[place + 1] : 0);
  });
}

/**
 * Return the peak at the end of the steepest way up from each pixel above 0, and 0 for the others.
 * @param {Float32Array} height
 * @param {Int32Array} peaks
 * @param {number} width
 */
function climb(height, peaks, width) {
  const upwards = new Int32Array(height.length);
  for (let place = 0; place < height.length; place += 1) upwards[place] = height[place] > 0 ? steepest(height, width, place) : place;
  return fill(new Int32Array(height.length), (place) => (height[place] > 0 ? peaks[rootOf(upwards, place)] : 0));
}

/**
 * Return the highest of the 3 x 3 pixels around one, the first of equal ones, or that itself.
 * @param {Float32Array} height
 * @param {number} width
 * @param {number} place
 */
function steepest(height, width, place) {
  const x = place % width;
  const [left, right] = [x > 0 ? -1 : 0, x + 1 < width ? 1 : 0];
  let best = place;
  for (let row = place - width; row <= place + width; row += width) {
    if (row < 0 || row >= height.length) continue;
    for (let beside = row + left; beside <= row + right; beside += 1) if (height[beside] > height[best]) best = beside;
  }
  return best;
}

/**
 * Return, for each number from 0 on, the number of the highest peak that it is joined with.
 * @param {{first: number, second: number, highest: number}[]} saddles
 * @param {Float64Array} tops of the peaks
 * @param {number} depth from which a saddle separates
 */
function join(saddles, tops, depth) {
  const owners = Int32Array.from(tops, (_, number) => number);
  for (const { first, second, highest } of saddles.toSorted((one, other) => other.highest - one.highest)) {
    const [one, other] = [rootOf(owners, first), rootOf(owners, second)];
    const [higher, lower] = tops[other] > tops[one] ? [other, one] : [one, other];
    if (tops[lower] - highest < depth) owners[lower] = higher;
  }
  return owners.map((_, number) => rootOf(owners, number));
}

/**
 * Return, for each number from 0 on, the height of its highest saddle towards another number; 0 without one.
 * @param {Int32Array} joined
 * @param {{first: number, second: number, highest: number}[]} saddles
 */
function feetOf(joined, saddles) {
  const feet = new Float32Array(joined.length);
  for (const { first, second, highest } of saddles) {
    const [one, other] = [joined[first], joined[second]];
    if (one !== other) for (const number of [one, other]) feet[number] = Math.max(feet[number], highest);
  }
  return feet;
}
