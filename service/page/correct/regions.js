// Cells of a correction, and the walls between them: what merging and deleting need.

import { BOUNDARY } from "./edit.js";

/** @typedef {{width: number, height: number, data: Uint8Array}} Mask */
/** @typedef {Set<number>} Region */

/** Walls are at most so thick. */
const THICKEST_PX = 12;

/** A wall meets another one where it is this much thicker than usual. */
const THICKER = 1.5;

/**
 * Return the open pixels that are connected with one by their sides.
 * @param {Mask} mask
 * @param {number} start
 * @returns {Region}
 */
export function regionAt(mask, start) {
  const region = new Set([start]);
  for (const place of region) {
    for (const next of neighbors(mask, place)) if (mask.data[next] !== BOUNDARY) region.add(next);
  }
  return region;
}

/**
 * Return the regions that a stroke touches, in its order.
 * @param {Mask} mask
 * @param {Iterable<number>} stroke
 * @returns {Region[]}
 */
export function touchedRegions(mask, stroke) {
  /** @type {Region[]} */
  const regions = [];
  for (const place of stroke) {
    if (mask.data[place] !== BOUNDARY && !regions.some((region) => region.has(place))) regions.push(regionAt(mask, place));
  }
  return regions;
}

/**
 * Return the boundary between two regions: pixels that are nearer to both of them than to any third, where it is not
 * much thicker than in most places, as it is where it meets another wall.
 * @param {Mask} mask
 * @param {Region} one
 * @param {Region} other
 * @returns {number[]}
 */
export function wallBetween(mask, one, other) {
  const [toOne, toOther] = [depths(mask, one), depths(mask, other)];
  const toThird = depths(mask, thirdRegions(mask, one, other, [...toOne.keys(), ...toOther.keys()]));
  const between = [...toOne.keys()].filter((place) => {
    const farther = Math.max(toOne.get(place) ?? Infinity, toOther.get(place) ?? Infinity);
    return farther < (toThird.get(place) ?? 2 * THICKEST_PX);
  });
  const across = (/** @type {number} */ place) => (toOne.get(place) ?? 0) + (toOther.get(place) ?? 0);
  const usual = between.map(across).sort((first, second) => first - second)[between.length >> 1];
  return between.filter((place) => across(place) <= THICKER * usual);
}

/**
 * Return the open pixels beside a boundary that belong to neither of two regions.
 * @param {Mask} mask
 * @param {Region} one
 * @param {Region} other
 * @param {number[]} boundary
 */
function thirdRegions(mask, one, other, boundary) {
  const open = boundary.flatMap((place) => neighbors(mask, place)).filter((place) => mask.data[place] !== BOUNDARY);
  return new Set(open.filter((place) => !one.has(place) && !other.has(place)));
}

/**
 * Return the wall between a region and the neighbor with which it shares the longest one; empty where there is none.
 * @param {Mask} mask
 * @param {Region} region
 * @returns {number[]}
 */
export function longestWall(mask, region) {
  const across = new Set();
  for (const place of depths(mask, region).keys()) {
    for (const next of neighbors(mask, place)) if (mask.data[next] !== BOUNDARY && !region.has(next)) across.add(next);
  }
  const walls = touchedRegions(mask, across).map((neighbor) => wallBetween(mask, region, neighbor));
  return walls.reduce((longest, wall) => (wall.length > longest.length ? wall : longest), []);
}

/**
 * Return boundary pixel -> steps from a region, for those that are near.
 * @param {Mask} mask
 * @param {Iterable<number>} region
 * @returns {Map<number, number>}
 */
function depths(mask, region) {
  /** @type {Map<number, number>} */
  const reached = new Map();
  let front = [...region];
  for (let depth = 1; depth <= THICKEST_PX && front.length; depth += 1) {
    const next = [];
    for (const place of front) {
      for (const beside of neighbors(mask, place)) {
        if (mask.data[beside] !== BOUNDARY || reached.has(beside)) continue;
        reached.set(beside, depth);
        next.push(beside);
      }
    }
    front = next;
  }
  return reached;
}

/**
 * @param {Mask} mask
 * @param {number} place
 * @returns {number[]}
 */
function neighbors({ width, height }, place) {
  const [column, row] = [place % width, Math.floor(place / width)];
  const found = [];
  if (column > 0) found.push(place - 1);
  if (column + 1 < width) found.push(place + 1);
  if (row > 0) found.push(place - width);
  if (row + 1 < height) found.push(place + width);
  return found;
}
