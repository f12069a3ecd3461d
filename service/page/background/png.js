// The 16-bit gray PNG that the service writes, with all of its bits (a canvas would keep 8), and PNGs of 8 bits to write.

import { zlibSync } from "../vendor/fflate.js";

const SUB = 1;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Read a gray PNG of 16 bits without interlacing.
 * @param {Uint8Array} file
 * @returns {Promise<{width: number, height: number, data: Uint16Array}>}
 */
export async function readGray16(file) {
  const { header, packed } = chunksOf(file);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (header.getUint8(8) !== 16 || header.getUint8(9) !== 0 || header.getUint8(12) !== 0) {
    throw new Error("the probability is no gray PNG of 16 bits");
  }
  const stride = 2 * width;
  const bytes = await inflate(/** @type {BlobPart[]} */ (packed), (stride + 1) * height);
  const data = new Uint16Array(width * height);
  const line = new Uint8Array(stride);
  const above = new Uint8Array(stride);
  for (let row = 0; row < height; row += 1) {
    const start = row * (stride + 1);
    if (bytes[start] === SUB) {
      addToLeft(bytes, start + 1, line);
    } else {
      line.set(bytes.subarray(start + 1, start + 1 + stride));
      unfilter(bytes[start], line, above);
    }
    for (let x = 0, target = row * width; x < stride; x += 2, target += 1) data[target] = (line[x] << 8) | line[x + 1];
    above.set(line);
  }
  return { width, height, data };
}

/**
 * Undo the filter that the service uses: a pixel was written as its difference to the one on its left.
 * @param {Uint8Array} bytes
 * @param {number} start of the row
 * @param {Uint8Array} line that is filled in
 */
function addToLeft(bytes, start, line) {
  let high = 0;
  let low = 0;
  for (let x = 0, place = start; x < line.length; x += 2, place += 2) {
    line[x] = high = (high + bytes[place]) & 255;
    line[x + 1] = low = (low + bytes[place + 1]) & 255;
  }
}

/**
 * Decompress by the browser itself, several times as fast as a script that has just been loaded.
 * @param {BlobPart[]} packed in the format of zlib
 * @param {number} size in bytes, decompressed
 */
async function inflate(packed, size) {
  const bytes = new Uint8Array(size);
  const reader = new Blob(packed).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let place = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes.set(part.value, place);
    place += part.value.length;
  }
  return bytes;
}

/**
 * Write a gray PNG of 8 bits.
 * @param {{width: number, height: number, data: Uint8Array}} image
 * @returns {Uint8Array}
 */
export function writeGray8({ width, height, data }) {
  const lines = new Uint8Array((width + 1) * height);
  for (let row = 0; row < height; row += 1) lines.set(data.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  const chunks = [
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", zlibSync(lines, { level: 4 })),
    chunk("IEND", new Uint8Array()),
  ];
  return joined([Uint8Array.from(SIGNATURE), ...chunks]);
}

/** @param {Uint8Array} file */
function chunksOf(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts = [];
  let header = view;
  for (let place = SIGNATURE.length; place < file.length; ) {
    const length = view.getUint32(place);
    const kind = String.fromCharCode(...file.subarray(place + 4, place + 8));
    if (kind === "IHDR") header = new DataView(file.buffer, file.byteOffset + place + 8, length);
    if (kind === "IDAT") parts.push(file.subarray(place + 8, place + 8 + length));
    place += length + 12;
  }
  return { header, packed: parts };
}

/**
 * Undo any other filter of a row in place; a pixel has two bytes (PNG specification, 9.2).
 * @param {number} filter
 * @param {Uint8Array} line
 * @param {Uint8Array} above
 */
function unfilter(filter, line, above) {
  if (filter === 2) for (let x = 0; x < line.length; x += 1) line[x] += above[x];
  if (filter === 3) for (let x = 0; x < line.length; x += 1) line[x] += ((x > 1 ? line[x - 2] : 0) + above[x]) >> 1;
  if (filter === 4) for (let x = 0; x < line.length; x += 1) line[x] += x > 1 ? paeth(line[x - 2], above[x], above[x - 2]) : above[x];
}

/**
 * @param {number} left
 * @param {number} up
 * @param {number} corner
 */
function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/**
 * @param {string} kind
 * @param {Uint8Array} data
 */
function chunk(kind, data) {
  const made = new Uint8Array(data.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index += 1) made[4 + index] = kind.charCodeAt(index);
  made.set(data, 8);
  view.setUint32(data.length + 8, checksum(made.subarray(4, data.length + 8)));
  return made;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes */
function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
