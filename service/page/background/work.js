// What takes long: reading answers and writing files, away from the thread that draws.

import { unzipSync, zipSync } from "../vendor/fflate.js";
import { buildPyramid } from "../viewer/pyramid.js";
import { closePicture, findCells, openPicture } from "./cells.js";
import { readGray16, writeGray8 } from "./png.js";
import { readLabels } from "./tiff.js";

const LARGE_PX = 4e6;
const SMALL_SHARE = 4;
const PNG_COLOR_TYPE = 25;
const PNG_RGB = 2;

/**
 * Read what is shown first.
 * @param {{archive: Uint8Array}} task
 */
async function readView({ archive }) {
  const members = unzipSync(archive);
  const picture = members["picture.png"];
  const names = Object.keys(members).filter((name) => name.startsWith("channel"));
  const decoding = Promise.all([readPicture(picture), ...names.map((name) => readPicture(members[name]))]); // while this goes on
  const full = await readGray16(members["probability.png"]);
  const probability = buildPyramid(full);
  const atLeast = countAtLeast(full.data);
  const [pictures, ...channels] = await decoding;
  return { pictures, color: picture[PNG_COLOR_TYPE] === PNG_RGB, channels, probability, atLeast };
}

/**
 * Return code -> pixels with at least this code.
 * @param {Uint16Array} codes
 */
function countAtLeast(codes) {
  const counts = new Uint32Array(65537);
  for (let place = 0; place < codes.length; place += 1) counts[codes[place]] += 1;
  for (let code = 65535; code >= 0; code -= 1) counts[code] += counts[code + 1];
  return counts;
}

/** @param {Uint8Array} png */
async function readPicture(png) {
  const full = await createImageBitmap(new Blob([/** @type {BlobPart} */ (png)], { type: "image/png" }));
  if (full.width * full.height < LARGE_PX) return [full];
  const resizeWidth = Math.ceil(full.width / SMALL_SHARE);
  const resizeHeight = Math.ceil(full.height / SMALL_SHARE);
  return [full, await createImageBitmap(full, { resizeWidth, resizeHeight, resizeQuality: "high" })];
}

/**
 * Read the cells and their measurements.
 * @param {{archive: Uint8Array}} task
 */
function readCells({ archive }) {
  const wanted = new Set(["labels.tif", "cells.csv", "summary.json"]);
  const members = unzipSync(archive, { filter: (file) => wanted.has(file.name) });
  const decode = (/** @type {string} */ name) => new TextDecoder().decode(members[name]);
  const { image } = JSON.parse(decode("summary.json"));
  return { labels: buildPyramid(readLabels(members["labels.tif"])), csv: decode("cells.csv"), pixelSize: image.pixel_size_um };
}

/**
 * Take one file out of an archive.
 * @param {{archive: Uint8Array, name: string}} task
 */
function extract({ archive, name }) {
  return unzipSync(archive, { filter: (file) => file.name === name })[name];
}

/**
 * Write a correction as a gray image.
 * @param {{width: number, height: number, data: Uint8Array, grey: Record<number, number>}} task grey: of each value
 */
function writeMask({ width, height, data, grey }) {
  return writeGray8({ width, height, data: data.map((value) => grey[value]) });
}

/**
 * Write an archive; files that are compressed already are stored as they are.
 * @param {{files: Record<string, Uint8Array>}} task
 */
function writeZip({ files }) {
  /** @type {Record<string, [Uint8Array, {level: 0 | 6}]>} */
  const members = {};
  for (const [name, bytes] of Object.entries(files)) members[name] = [bytes, { level: /\.(txt|yaml|csv|json)$/.test(name) ? 6 : 0 }];
  return zipSync(members, { mtime: new Date() });
}

/** @type {Record<string, (task: any) => unknown>} */
const TASKS = { readView, readCells, extract, writeMask, writeZip, openPicture, closePicture, findCells };

self.onmessage = async ({ data: { id, name, task } }) => {
  try {
    const result = await TASKS[name](task);
    self.postMessage({ id, result }, { transfer: transferable(result) });
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};

/**
 * Return what can be handed over without a copy.
 * @param {unknown} value
 * @returns {Transferable[]}
 */
function transferable(value) {
  if (value instanceof ImageBitmap) return [value];
  if (ArrayBuffer.isView(value)) return [/** @type {ArrayBuffer} */ (value.buffer)];
  if (value && typeof value === "object") return [...new Set(Object.values(value).flatMap(transferable))];
  return [];
}
