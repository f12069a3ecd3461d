// The measurements of the cells, as the service wrote them.

/**
 * @typedef {object} Table
 * @property {string[]} columns
 * @property {Map<string, Float64Array>} values column -> one value per cell; NaN where there is none
 * @property {number} rows
 * @property {Map<number, number>} rowOf label -> row
 */

/**
 * Read a CSV of numbers with a header.
 * @param {string} csv
 * @returns {Table}
 */
export function parseTable(csv) {
  const [header, ...lines] = csv.trimEnd().split("\n");
  const columns = header.split(",");
  const values = new Map(columns.map((column) => [column, new Float64Array(lines.length)]));
  for (const [row, line] of lines.entries()) {
    for (const [place, field] of line.split(",").entries()) {
      const column = values.get(columns[place]);
      if (column) column[row] = field === "" ? NaN : Number(field);
    }
  }
  const labels = values.get("label") ?? new Float64Array();
  return { columns, values, rows: lines.length, rowOf: new Map(Array.from(labels, (label, row) => [label, row])) };
}

/**
 * Return the rows in the order of a column; cells without a value come last.
 * @param {Table} table
 * @param {string} column
 * @param {boolean} descending
 * @param {boolean} withBorder whether cells at the border of the image are included
 * @returns {number[]}
 */
export function sortedRows(table, column, descending, withBorder) {
  const values = table.values.get(column) ?? new Float64Array(table.rows);
  const sign = descending ? -1 : 1;
  const rows = includedRows(table, withBorder);
  return rows.sort((one, other) => compare(values[one], values[other], sign) || one - other);
}

/**
 * @param {Table} table
 * @param {boolean} withBorder
 */
export function includedRows(table, withBorder) {
  const touching = table.values.get("touches_border");
  return Array.from({ length: table.rows }, (_, row) => row).filter((row) => withBorder || !touching?.[row]);
}

/**
 * Return label -> 1 for the cells at the border of the image.
 * @param {Table} table
 */
export function borderLabels(table) {
  const labels = table.values.get("label") ?? new Float64Array();
  const excluded = new Uint8Array(labels.reduce((most, label) => Math.max(most, label), 0) + 1);
  for (const [row, touches] of (table.values.get("touches_border") ?? []).entries()) excluded[labels[row]] = touches;
  return excluded;
}

/**
 * @param {ArrayLike<number>} values
 * @returns {number} NaN where there are none
 */
export function median(values) {
  const sorted = Float64Array.from(values).filter((value) => !Number.isNaN(value)).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Count values in equally wide bins; the last one holds the largest value, too.
 * @param {ArrayLike<number>} values
 * @param {number} bins
 * @returns {{counts: number[], low: number, high: number}}
 */
export function countInBins(values, bins) {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const low = known.reduce((least, value) => Math.min(least, value), Infinity);
  const high = known.reduce((most, value) => Math.max(most, value), -Infinity);
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of known) counts[high > low ? Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)) : 0] += 1;
  return { counts, low, high };
}

/**
 * @param {number} one
 * @param {number} other
 * @param {number} sign
 */
function compare(one, other, sign) {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return sign * (one - other);
}
