// Watershed from seeds, as seg/instances/flood.py and `skimage.segmentation.watershed` do it.

import { maskOf } from "./fill.js";
import { Queue } from "./queue.js";
import { cut, inTiles } from "./tiles.js";

/**
 * Grow seeds over a region in the order of a relief, from low to high, until they meet.
 * @param {Uint8Array} relief row by row, 0 is flooded first
 * @param {Int32Array} seeds numbers from 1; 0 is to be flooded
 * @param {Uint8Array | null} region 1 where cells may grow; null everywhere
 * @param {number} width
 * @returns {Int32Array} pixels of the region that no seed reaches stay 0
 */
export function flood(relief, seeds, region, width) {
  return inTiles(seeds.length / width, width, (box) =>
    floodTile(cut(relief, width, box), cut(seeds, width, box), region && cut(region, width, box), box.right - box.left),
  );
}

/**
 * @param {Uint8Array} relief
 * @param {Int32Array} seeds
 * @param {Uint8Array | null} region
 * @param {number} width
 */
function floodTile(relief, seeds, region, width) {
  const labels = seeds.slice();
  const free = maskOf(seeds.length, (place) => seeds[place] === 0 && (region === null || region[place] === 1));
  const queue = startingQueue(relief, seeds, free, width);
  const last = labels.length - width;
  for (let place = queue.pop(); place >= 0; place = queue.pop()) {
    const label = labels[place];
    const x = place % width;
    if (place >= width) reach(place - width, label);
    if (x > 0) reach(place - 1, label);
    if (x + 1 < width) reach(place + 1, label);
    if (place < last) reach(place + width, label);
  }
  return labels;

  /**
   * @param {number} place
   * @param {number} label
   */
  function reach(place, label) {
    if (!free[place]) return;
    free[place] = 0;
    labels[place] = label;
    queue.push(relief[place], place);
  }
}

/**
 * Return a queue of the seeds beside pixels that are to be flooded.
 * @param {Uint8Array} relief
 * @param {Int32Array} seeds
 * @param {Uint8Array} free 1 where is to be flooded
 * @param {number} width
 */
function startingQueue(relief, seeds, free, width) {
  const queue = new Queue(seeds.length);
  for (let place = 0; place < seeds.length; place += 1) {
    if (seeds[place] === 0) continue;
    const x = place % width;
    const beside = free[place - width] || free[place + width] || (x > 0 && free[place - 1]) || (x + 1 < width && free[place + 1]);
    if (beside) queue.pushSeed(relief[place], place);
  }
  return queue;
}
