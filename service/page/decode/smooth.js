// Smoothing by a Gaussian, as `scipy.ndimage.gaussian_filter` does it: in double precision, stored in single after each axis.

const TRUNCATE = 4;

/**
 * Return an image smoothed; beyond its edges it is mirrored, with the pixels at the edge twice.
 * @param {Float32Array} image row by row
 * @param {number} width
 * @param {number} sigma in pixels, >= 0
 * @returns {Float32Array}
 */
export function smooth(image, width, sigma) {
  if (sigma <= 0) return image;
  const weights = weightsOf(sigma);
  return alongRows(alongColumns(image, width, weights), width, weights);
}

/**
 * Return the weight of each distance from 0 on.
 * @param {number} sigma
 */
function weightsOf(sigma) {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const weights = Float64Array.from({ length: radius + 1 }, (_, distance) => Math.exp((-0.5 / (sigma * sigma)) * distance * distance));
  let sum = weights[0];
  for (let distance = 1; distance <= radius; distance += 1) sum += 2 * weights[distance];
  return weights.map((weight) => weight / sum);
}

/**
 * Return the place inside of an image that a place beyond its end mirrors.
 * @param {number} place
 * @param {number} length
 */
function mirrored(place, length) {
  const period = 2 * length;
  const within = ((place % period) + period) % period;
  return within < length ? within : period - 1 - within;
}

/**
 * @param {Float32Array} image
 * @param {number} width
 * @param {Float64Array} weights
 */
function alongColumns(image, width, weights) {
  const height = image.length / width;
  const smoothed = new Float32Array(image.length);
  const line = new Float64Array(width);
  for (let row = 0; row < height; row += 1) {
    const start = row * width;
    for (let x = 0; x < width; x += 1) line[x] = image[start + x] * weights[0];
    for (let distance = weights.length - 1; distance > 0; distance -= 1) {
      const weight = weights[distance];
      const above = mirrored(row - distance, height) * width;
      const below = mirrored(row + distance, height) * width;
      for (let x = 0; x < width; x += 1) line[x] += (image[above + x] + image[below + x]) * weight;
    }
    smoothed.set(line, start);
  }
  return smoothed;
}

/**
 * @param {Float32Array} image
 * @param {number} width
 * @param {Float64Array} weights
 */
function alongRows(image, width, weights) {
  const radius = weights.length - 1;
  const smoothed = new Float32Array(image.length);
  const padded = new Float32Array(width + 2 * radius);
  const line = new Float64Array(width);
  for (let start = 0; start < image.length; start += width) {
    for (let x = -radius; x < 0; x += 1) padded[x + radius] = image[start + mirrored(x, width)];
    padded.set(image.subarray(start, start + width), radius);
    for (let x = width; x < width + radius; x += 1) padded[x + radius] = image[start + mirrored(x, width)];
    for (let x = 0; x < width; x += 1) line[x] = padded[x + radius] * weights[0];
    for (let distance = radius; distance > 0; distance -= 1) {
      const [weight, left, right] = [weights[distance], radius - distance, radius + distance];
      for (let x = 0; x < width; x += 1) line[x] += (padded[x + left] + padded[x + right]) * weight;
    }
    smoothed.set(line, start);
  }
  return smoothed;
}
