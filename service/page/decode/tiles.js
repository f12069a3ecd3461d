// Labels made a tile at a time, as seg/instances/labels.py does it, with the widest surroundings at once.

/** Side of the square that is made at a time, and what is around it that decides on its labels. */
const TILE_PX = 768;
const HALO_PX = 256;

/**
 * @typedef {Object} Box
 * @property {number} top
 * @property {number} bottom
 * @property {number} left
 * @property {number} right
 */

/**
 * Return labels that are made with `HALO_PX` around each tile; a small picture is a single tile.
 * @param {number} rows
 * @param {number} width
 * @param {(box: Box) => Int32Array} make
 */
export function inTiles(rows, width, make) {
  const whole = Math.max(rows, width);
  const step = whole > TILE_PX + 2 * HALO_PX ? TILE_PX : whole;
  const labels = new Int32Array(rows * width);
  for (let row = 0; row < rows; row += step) {
    for (let column = 0; column < width; column += step) {
      const tile = { top: row, bottom: Math.min(row + step, rows), left: column, right: Math.min(column + step, width) };
      const box = {
        top: Math.max(row - HALO_PX, 0),
        bottom: Math.min(tile.bottom + HALO_PX, rows),
        left: Math.max(column - HALO_PX, 0),
        right: Math.min(tile.right + HALO_PX, width),
      };
      const made = make(box);
      for (let y = tile.top; y < tile.bottom; y += 1) {
        const start = (y - box.top) * (box.right - box.left) - box.left;
        labels.set(made.subarray(start + tile.left, start + tile.right), y * width + tile.left);
      }
    }
  }
  return labels;
}

/**
 * Return a part of a picture.
 * @template {Uint8Array | Int32Array | Float32Array} T
 * @param {T} picture row by row
 * @param {number} width
 * @param {Box} box
 * @returns {T}
 */
export function cut(picture, width, { top, bottom, left, right }) {
  const part = /** @type {T} */ (picture.slice(0, (bottom - top) * (right - left)));
  for (let y = top; y < bottom; y += 1) part.set(picture.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  return part;
}
