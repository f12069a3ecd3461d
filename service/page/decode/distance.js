// Distances to the edge of a mask, exactly.

/**
 * Return the distance of each pixel of a mask to the nearest one outside of it, in pixels; 0 outside. If nothing is outside, it is the diagonal.
 * @param {Uint8Array} mask row by row
 * @param {number} width
 * @returns {Float32Array}
 */
export function distanceToEdge(mask, width) {
  if (!mask.includes(0)) return new Float32Array(mask.length).fill(Math.hypot(width, mask.length / width));
  const beside = alongColumns(mask, width);
  const distance = new Float32Array(mask.length);
  for (let row = 0; row < mask.length; row += width) acrossColumns(beside.subarray(row, row + width), distance.subarray(row, row + width));
  return distance;
}

/**
 * Return the distance of each pixel to the nearest one outside in its column; where there is none, more than any.
 * @param {Uint8Array} mask
 * @param {number} width
 */
function alongColumns(mask, width) {
  const none = width + mask.length / width + 1;
  const beside = new Int32Array(mask.length);
  for (let place = 0; place < mask.length; place += 1) {
    beside[place] = mask[place] ? Math.min(place < width ? none : beside[place - width] + 1, none) : 0;
  }
  for (let place = mask.length - width - 1; place >= 0; place -= 1) beside[place] = Math.min(beside[place], beside[place + width] + 1);
  return beside;
}

/**
 * Fill in the distances of a row: the lower envelope of a parabola per column (Meijster et al., 2000).
 * @param {Int32Array} beside distance to the nearest pixel outside in each column
 * @param {Float32Array} distance
 */
function acrossColumns(beside, distance) {
  const width = beside.length;
  const columns = new Int32Array(width);
  const starts = new Int32Array(width);
  const at = (/** @type {number} */ x, /** @type {number} */ column) => (x - column) ** 2 + beside[column] ** 2;
  let last = 0;
  for (let column = 1; column < width; column += 1) {
    while (last >= 0 && at(starts[last], columns[last]) > at(starts[last], column)) last -= 1;
    const meeting = last < 0 ? 0 : 1 + Math.floor((column ** 2 - columns[last] ** 2 + beside[column] ** 2 - beside[columns[last]] ** 2) / (2 * (column - columns[last])));
    if (meeting >= width) continue;
    last += 1;
    columns[last] = column;
    starts[last] = meeting;
  }
  for (let x = width - 1; x >= 0; x -= 1) {
    distance[x] = Math.sqrt(at(x, columns[last]));
    if (x === starts[last]) last -= 1;
  }
}
