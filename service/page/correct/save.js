// All corrections as one archive that `seg compare` reads: images, masks of the same names, and their configuration.

import { inBackground } from "../background/call.js";
import { configurationOf, README, VOID_VALUE } from "./configuration.js";
import { BOUNDARY, INSIDE, VOID } from "./edit.js";

/** @typedef {import("../session.js").Item} Item */
/** @typedef {import("./edit.js").Edit} Edit */

/** @type {Record<number, number>} value of a correction -> grey value in its mask */
const GREY = { [INSIDE]: 0, [BOUNDARY]: 255, [VOID]: VOID_VALUE };

/**
 * Return the archive of all corrections.
 * @param {Item[]} items
 * @param {number} [channels] of the model's input
 * @returns {Promise<Uint8Array>}
 */
export async function packCorrections(items, channels = 1) {
  /** @type {Record<string, Uint8Array>} */
  const files = { "README.txt": encoded(README), "data.yaml": encoded(configurationOf(channels)) };
  const taken = new Set();
  for (const item of items) {
    for (const [page, edit] of item.edits) {
      const { stem, suffix } = nameOf(item, page, taken);
      files[`images/${stem}${suffix}`] = await imageOf(item, edit);
      files[`masks/${stem}.png`] = await write(edit);
    }
  }
  return inBackground("writeZip", { files });
}

/**
 * @param {Item} item
 * @param {Edit} edit
 */
async function imageOf(item, edit) {
  if (item.pages === 1) return new Uint8Array(await item.file.arrayBuffer());
  return inBackground("extract", { archive: edit.archive, name: "picture.png" });
}

/** @param {Edit} edit */
function write({ width, height, data }) {
  return inBackground("writeMask", { width, height, data, grey: GREY });
}

/** @param {string} text */
function encoded(text) {
  return new TextEncoder().encode(text);
}

/**
 * Return a name that no other image of the archive has.
 * @param {Item} item
 * @param {number} page
 * @param {Set<string>} taken
 */
function nameOf(item, page, taken) {
  const place = item.name.lastIndexOf(".");
  const original = place > 0 ? item.name.slice(0, place) : item.name;
  const clean = original.replace(/\.ome$/i, "").replace(/[^\p{L}\p{N}_.-]+/gu, "_");
  const paged = item.pages > 1 ? `${clean}-${String(page).padStart(4, "0")}` : clean;
  let stem = paged;
  for (let number = 2; taken.has(stem.toLowerCase()); number += 1) stem = `${paged}_${number}`;
  taken.add(stem.toLowerCase());
  return { stem, suffix: item.pages > 1 ? ".png" : place > 0 ? item.name.slice(place).toLowerCase() : ".png" };
}
