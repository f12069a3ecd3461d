// All corrections as one archive, in the layout that `seg compare` reads: images/ and masks/ with the same names.

import { inBackground } from "../background/call.js";
import { BOUNDARY, VOID } from "./edit.js";

/** @typedef {import("../session.js").Item} Item */
/** @typedef {import("./edit.js").Edit} Edit */

const README = `Images and corrected masks, for training with Septum.

images/  the images as they were given; of a page of a stack, the picture as it was shown, with 8 bits
masks/   their masks of the same names: 255 is boundary, 0 is not
void/    where it exists: 255 marks pixels that are not annotated; in masks/ they are 0

Copy configs/data/folder.yaml of Septum, set root to this folder and boundary_value to 255, and run
  seg data doctor YOUR.yaml
`;

/**
 * Return the archive of all corrections.
 * @param {Item[]} items
 * @returns {Promise<Uint8Array>}
 */
export async function packCorrections(items) {
  /** @type {Record<string, Uint8Array>} */
  const files = { "README.txt": new TextEncoder().encode(README) };
  const taken = new Set();
  for (const item of items) {
    for (const [page, edit] of item.edits) {
      const { stem, suffix } = nameOf(item, page, taken);
      files[`images/${stem}${suffix}`] = await imageOf(item, edit);
      files[`masks/${stem}.png`] = await write(edit, BOUNDARY);
      if (edit.data.includes(VOID)) files[`void/${stem}.png`] = await write(edit, VOID);
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

/**
 * @param {Edit} edit
 * @param {number} value
 */
function write({ width, height, data }, value) {
  return inBackground("writeValue", { width, height, data, value });
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
