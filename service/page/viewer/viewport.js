// Which part of the image is on the screen: screen = image * scale + offset, in device pixels.

const LARGEST_SCALE = 40;

/** A window onto an image. */
export class Viewport {
  constructor() {
    this.width = this.height = 1;
    this.imageWidth = this.imageHeight = 1;
    this.scale = 1;
    this.x = this.y = 0;
  }

  /** The scale at which the whole image is seen. */
  get fitting() {
    return Math.min(this.width / this.imageWidth, this.height / this.imageHeight);
  }

  /**
   * Change the size of the screen; what is in its middle stays there.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const fitted = Math.abs(this.scale - this.fitting) < 1e-9;
    this.x += (width - this.width) / 2;
    this.y += (height - this.height) / 2;
    [this.width, this.height] = [width, height];
    if (fitted) this.fit();
    this.clamp();
  }

  /**
   * Show another image, whole.
   * @param {number} width
   * @param {number} height
   */
  show(width, height) {
    if (width === this.imageWidth && height === this.imageHeight) return;
    [this.imageWidth, this.imageHeight] = [width, height];
    this.fit();
  }

  /** Show the whole image. */
  fit() {
    this.scale = this.fitting;
    this.x = (this.width - this.imageWidth * this.scale) / 2;
    this.y = (this.height - this.imageHeight * this.scale) / 2;
  }

  /**
   * Zoom so that the place under a point of the screen stays under it.
   * @param {number} x
   * @param {number} y
   * @param {number} factor
   */
  zoomAt(x, y, factor) {
    const scale = Math.min(Math.max(this.scale * factor, Math.min(this.fitting, 1)), LARGEST_SCALE);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.clamp();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.clamp();
  }

  /**
   * Bring a place of the image into the middle, unless it is well within the screen.
   * @param {number} column
   * @param {number} row
   */
  reveal(column, row) {
    const [x, y] = [column * this.scale + this.x, row * this.scale + this.y];
    const margin = Math.min(this.width, this.height) / 8;
    if (x > margin && y > margin && x < this.width - margin && y < this.height - margin) return;
    this.pan(this.width / 2 - x, this.height / 2 - y);
  }

  /**
   * Return the pixel of the image under a point of the screen, in fractions.
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  toImage(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  /** Keep the image on the screen: in the middle where it is smaller, without a gap where it is larger. */
  clamp() {
    this.x = clampSide(this.x, this.width, this.imageWidth * this.scale);
    this.y = clampSide(this.y, this.height, this.imageHeight * this.scale);
  }
}

/**
 * @param {number} offset
 * @param {number} screen
 * @param {number} image
 */
function clampSide(offset, screen, image) {
  if (image <= screen) return (screen - image) / 2;
  return Math.min(0, Math.max(screen - image, offset));
}
