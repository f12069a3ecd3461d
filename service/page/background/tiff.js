// The label image that the service writes: a TIFF of one page, 16 or 32 bits, in strips compressed by zlib.

import { unzlibSync } from "../vendor/fflate.js";

const WIDTH = 256;
const HEIGHT = 257;
const BITS = 258;
const COMPRESSION = 259;
const OFFSETS = 273;
const COUNTS = 279;
const ADOBE_DEFLATE = 8;
const SHORT = 3;

/**
 * Read the labels, numbered from 1; 0 is no cell.
 * @param {Uint8Array} file
 * @returns {{width: number, height: number, data: Uint32Array}}
 */
export function readLabels(file) {
  const tags = tagsOf(new DataView(file.buffer, file.byteOffset, file.byteLength));
  const [width, height, bits] = [WIDTH, HEIGHT, BITS].map((tag) => tags.get(tag)?.[0] ?? 0);
  if (tags.get(COMPRESSION)?.[0] !== ADOBE_DEFLATE || (bits !== 16 && bits !== 32)) {
    throw new Error("the labels are not as the service writes them");
  }
  const counts = tags.get(COUNTS) ?? [];
  const bytes = new Uint8Array((width * height * bits) / 8);
  let place = 0;
  for (const [number, offset] of (tags.get(OFFSETS) ?? []).entries()) {
    const strip = unzlibSync(file.subarray(offset, offset + counts[number]));
    bytes.set(strip, place);
    place += strip.length;
  }
  const data = bits === 16 ? Uint32Array.from(new Uint16Array(bytes.buffer)) : new Uint32Array(bytes.buffer);
  return { width, height, data };
}

/**
 * Return tag -> values of the first directory of a little-endian TIFF.
 * @param {DataView} view
 */
function tagsOf(view) {
  if (view.getUint16(0, true) !== 0x4949 || view.getUint16(2, true) !== 42) throw new Error("the labels are no TIFF");
  const start = view.getUint32(4, true);
  /** @type {Map<number, number[]>} */
  const tags = new Map();
  for (let entry = start + 2; entry < start + 2 + 12 * view.getUint16(start, true); entry += 12) {
    const [tag, type, count] = [view.getUint16(entry, true), view.getUint16(entry + 2, true), view.getUint32(entry + 4, true)];
    const size = type === SHORT ? 2 : 4;
    const place = count * size <= 4 ? entry + 8 : view.getUint32(entry + 8, true);
    if (type !== SHORT && type !== 4) continue;
    tags.set(tag, Array.from({ length: count }, (_, index) => (size === 2 ? view.getUint16(place + 2 * index, true) : view.getUint32(place + 4 * index, true))));
  }
  return tags;
}
