// Contrast and channels of the image, applied to the pixels of the screen alone.

/**
 * @typedef {object} Display how intensities become colors
 * @property {number} dark intensity that is black, 0 to 1 of the picture's range
 * @property {number} bright intensity that is white; less than `dark` exchanges both
 * @property {boolean[]} on which channels are shown; none for a gray image
 */

/** Colors of channels that are neither gray nor RGB, as the service draws the first of them. */
const PAIR = [[1, 0, 1], [0, 1, 0]];
const SEVERAL = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]];

/**
 * Return the color of each channel, red, green and blue from 0 to 1.
 * @param {number} count of channels
 */
export function channelColors(count) {
  return count === 2 ? PAIR : SEVERAL.slice(0, count);
}

/**
 * Return how an image is shown at first: as the service draws it.
 * @param {number} count of its channels, 0 for a gray image
 * @returns {Display}
 */
export function plainDisplay(count) {
  return { dark: 0, bright: 1, on: Array.from({ length: count }, (_, channel) => channel < 3) };
}

/**
 * Return whether an image is shown as the service draws it, for which no pixel needs to be touched.
 * @param {Display} display
 */
export function isPlain({ dark, bright, on }) {
  return dark === 0 && bright === 1 && on.every((shown, channel) => shown === channel < 3);
}

/**
 * Return the brightness of each of 256 intensities.
 * @param {Display} display
 */
export function brightnessTable({ dark, bright }) {
  const range = bright - dark || 1 / 255;
  return Uint8ClampedArray.from({ length: 256 }, (_, code) => (255 * (code / 255 - dark)) / range);
}

/**
 * Change the colors of a gray or RGB picture in place.
 * @param {Uint8ClampedArray} pixels red, green, blue, alpha
 * @param {Display} display
 */
export function adjust(pixels, display) {
  const table = brightnessTable(display);
  const [red, green, blue] = display.on.length ? display.on : [true, true, true];
  for (let place = 0; place < pixels.length; place += 4) {
    pixels[place] = red ? table[pixels[place]] : 0;
    pixels[place + 1] = green ? table[pixels[place + 1]] : 0;
    pixels[place + 2] = blue ? table[pixels[place + 2]] : 0;
  }
}

/**
 * Add a gray channel in its color.
 * @param {Uint8ClampedArray} pixels that it is added to
 * @param {Uint8ClampedArray} channel of the same size, gray
 * @param {Uint8ClampedArray} table as `brightnessTable` returns it
 * @param {number[]} color
 */
export function addChannel(pixels, channel, table, [red, green, blue]) {
  for (let place = 0; place < pixels.length; place += 4) {
    const value = table[channel[place]];
    pixels[place] += value * red;
    pixels[place + 1] += value * green;
    pixels[place + 2] += value * blue;
    pixels[place + 3] = channel[place + 3];
  }
}
