// Pixels under a stroke.

/** @typedef {[number, number]} Place column and row, in fractions of pixels */

/**
 * Return the pixels that a round brush covers between two places.
 * @param {Place} from
 * @param {Place} to
 * @param {number} diameter in pixels, >= 1
 * @param {{width: number, height: number}} size of the image
 * @returns {Set<number>}
 */
export function brushed(from, to, diameter, { width, height }) {
  const places = new Set();
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
  const radius = diameter / 2;
  for (let step = 0; step <= steps; step += 1) {
    const x = from[0] + ((to[0] - from[0]) * step) / steps;
    const y = from[1] + ((to[1] - from[1]) * step) / steps;
    for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(height - 1, y + radius); row += 1) {
      for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(width - 1, x + radius); column += 1) {
        const under = column === Math.floor(x) && row === Math.floor(y);
        if (under || Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius) places.add(row * width + column);
      }
    }
  }
  return places;
}
