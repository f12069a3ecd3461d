// Colors as 32-bit numbers in the order of ImageData; all can be told apart with any color vision.

/**
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 * @param {number} alpha
 */
export function rgba(red, green, blue, alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export const BOUNDARY = rgba(255, 90, 0, 225);
export const OUTLINE = rgba(0, 229, 255, 255);
export const CHOSEN = rgba(255, 255, 255, 255);
export const CHOSEN_INSIDE = rgba(255, 255, 255, 70);
export const VOID = rgba(120, 150, 255, 120);
export const VOID_STRIPE = rgba(200, 215, 255, 190);
export const EXCLUDED = rgba(128, 128, 128, 120);

/** Viridis in nine steps (Smith and van der Walt, 2015). */
const STOPS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** @returns {Uint32Array} 256 colors from probability 0 to 1; the first are nearly transparent */
export function probabilityColors() {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const place = (index / 255) * (STOPS.length - 1);
    const low = Math.min(Math.floor(place), STOPS.length - 2);
    const share = place - low;
    const [red, green, blue] = STOPS[low].map((value, channel) => Math.round(value + share * (STOPS[low + 1][channel] - value)));
    return rgba(red, green, blue, 215);
  });
}

/** @returns {Uint32Array} 64 colors for cells: seven hues that the color-blind tell apart, in several brightnesses */
export function cellColors() {
  const hues = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
  ];
  return Uint32Array.from({ length: 64 }, (_, index) => {
    const shade = 0.75 + 0.25 * ((index * 5) % 3) / 2;
    const [red, green, blue] = hues[index % hues.length].map((value) => Math.round(value * shade));
    return rgba(red, green, blue, 135);
  });
}
