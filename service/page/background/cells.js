// The picture whose cells are found here while a slider moves: one at a time, since it takes up to 60 bytes per pixel.

import { Watershed } from "../decode/watershed.js";
import { largest } from "../decode/regions.js";
import { unzipSync } from "../vendor/fflate.js";
import { buildPyramid } from "../viewer/pyramid.js";
import { readGray16 } from "./png.js";

const OTHER_CHANNELS = ["inside.png", "center.png"];

/** @type {{width: number, watershed: Watershed} | null} */
let picture = null;

/**
 * Make a picture the one whose cells are found.
 * @param {{width: number, boundary: Uint16Array, archive: Uint8Array | null}} task archive: has the further channels
 */
export async function openPicture({ width, boundary, archive }) {
  picture = null; // frees what was made of the one before
  const members = archive ? unzipSync(archive, { filter: (file) => OTHER_CHANNELS.includes(file.name) }) : {};
  const channels = [boundary];
  for (const name of OTHER_CHANNELS) if (members[name]) channels.push((await readGray16(members[name])).data);
  picture = { width, watershed: new Watershed(width, channels) };
}

/** Forget the picture and what was made of it. */
export function closePicture() {
  picture = null;
}

/**
 * Find the cells of the picture.
 * @param {{decoder: import("../decode/watershed.js").Decoder}} task
 */
export function findCells({ decoder }) {
  if (!picture) throw new Error("no picture is open");
  const { width, watershed } = picture;
  const labels = watershed.decode(decoder);
  const cells = largest(labels);
  const atBorder = bordering(labels, width, cells);
  return { labels: buildPyramid({ width, height: labels.length / width, data: new Uint32Array(labels.buffer) }), cells, atBorder };
}

/**
 * Return label -> 1 for the cells at the border of the picture.
 * @param {Int32Array} labels
 * @param {number} width
 * @param {number} count
 */
function bordering(labels, width, count) {
  const atBorder = new Uint8Array(count + 1);
  const last = labels.length - width;
  for (let x = 0; x < width; x += 1) atBorder[labels[x]] = atBorder[labels[last + x]] = 1;
  for (let row = 0; row <= last; row += width) atBorder[labels[row]] = atBorder[labels[row + width - 1]] = 1;
  atBorder[0] = 0;
  return atBorder;
}
