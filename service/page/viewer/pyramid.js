// Values of an image at full, half, quarter ... size, so that a picture of any size is drawn in the time of its screen.

/**
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @typedef {object} Level
 * @property {number} width
 * @property {number} height
 * @property {T} data row by row
 */

/** Levels end where both sides are at most this long. */
const SMALLEST = 512;

/**
 * Halve an image until it is small; a pixel of a half is the largest of its four.
 *
 * Where the largest probability of four pixels is below a threshold, all four are: a thin boundary never vanishes.
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @param {Level<T>} full
 * @returns {Level<T>[]}
 */
export function buildPyramid(full) {
  const levels = [full];
  for (let last = full; Math.max(last.width, last.height) > SMALLEST; last = levels[levels.length - 1]) {
    levels.push(emptyHalf(last));
    refreshHalf(last, levels[levels.length - 1], 0, 0, last.width, last.height);
  }
  return levels;
}

/**
 * Bring the smaller levels up to date after a change of the first.
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @param {Level<T>[]} levels
 * @param {{left: number, top: number, right: number, bottom: number}} box that changed, without its right and bottom
 */
export function refreshPyramid(levels, box) {
  let { left, top, right, bottom } = box;
  for (let number = 1; number < levels.length; number += 1) {
    refreshHalf(levels[number - 1], levels[number], left & ~1, top & ~1, right, bottom);
    [left, top, right, bottom] = [left >> 1, top >> 1, (right + 1) >> 1, (bottom + 1) >> 1];
  }
}

/**
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @param {Level<T>} level
 * @returns {Level<T>}
 */
function emptyHalf({ width, height, data }) {
  const size = { width: (width + 1) >> 1, height: (height + 1) >> 1 };
  const make = /** @type {new (length: number) => T} */ (data.constructor);
  return { ...size, data: new make(size.width * size.height) };
}

/**
 * @template {Uint8Array | Uint16Array | Uint32Array} T
 * @param {Level<T>} from
 * @param {Level<T>} to
 * @param {number} left even
 * @param {number} top even
 * @param {number} right
 * @param {number} bottom
 */
function refreshHalf(from, to, left, top, right, bottom) {
  for (let y = top; y < bottom; y += 2) {
    const row = y * from.width;
    const below = y + 1 < from.height ? row + from.width : row;
    let target = (y >> 1) * to.width + (left >> 1);
    for (let x = left; x < right; x += 2, target += 1) {
      const next = x + 1 < from.width ? x + 1 : x;
      to.data[target] = Math.max(from.data[row + x], from.data[row + next], from.data[below + x], from.data[below + next]);
    }
  }
}
