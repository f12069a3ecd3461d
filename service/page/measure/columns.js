// Names of measurements for people, with their units.

import { hasText, text } from "../language.js";

/** Shown first, in this order; each in micrometers where the size of a pixel is known. */
const FIRST = ["area", "perimeter", "circularity", "eccentricity", "intensity_mean-0", "neighbors"];
const AFTER = ["solidity", "axis_major_length", "axis_minor_length", "orientation", "border_distance", "centroid-1", "centroid-0"];
const UNITS = { _um2: "µm²", _um: "µm" };
const IN_PIXELS = new Set(["area", "perimeter", "axis_major_length", "axis_minor_length", "border_distance", "centroid-0", "centroid-1"]);

/**
 * Return the columns to show: physical ones where they are known, else those in pixels.
 * @param {string[]} columns of the table
 */
export function shownColumns(columns) {
  const best = (/** @type {string} */ name) => [`${name}_um2`, `${name}_um`, name].find((each) => columns.includes(each));
  const other = columns.filter((column) => /^intensity_mean-[1-9]/.test(column));
  return ["label", ...[...FIRST.map(best), ...other, ...AFTER.map(best)].filter((name) => name !== undefined)];
}

/** @param {string} column */
export function nameOfColumn(column) {
  const { base, unit } = split(column);
  const name = hasText(`column.${base}`) ? text(`column.${base}`) : base;
  return unit ? `${name} (${unit})` : name;
}

/** @param {string} column */
export function titleOfColumn(column) {
  const { base } = split(column);
  return hasText(`column.${base}.title`) ? text(`column.${base}.title`) : column;
}

/** @param {string} column */
function split(column) {
  for (const [ending, unit] of Object.entries(UNITS)) if (column.endsWith(ending)) return { base: column.slice(0, -ending.length), unit };
  if (column === "area") return { base: column, unit: "px" };
  return { base: column, unit: IN_PIXELS.has(column) ? "px" : "" };
}
