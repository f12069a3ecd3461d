// The canvas: the image below, what was found above it, redrawn once a frame.

import { byId } from "../dom.js";
import * as display from "./display.js";
import { Viewport } from "./viewport.js";
import * as raster from "./raster.js";

/** @typedef {"image" | "boundary" | "probability" | "cells" | "outlines"} ViewName */
/**
 * @typedef {object} Rival what another model found, shown on the right
 * @property {import("./pyramid.js").Level<Uint16Array>[]} probability
 * @property {import("./pyramid.js").Level<Uint32Array>[] | null} labels
 * @property {number} threshold
 * @property {number} share of the canvas that is left of it
 */
/**
 * @typedef {object} Shown
 * @property {ImageBitmap[]} pictures the image, and a smaller copy of large ones
 * @property {ImageBitmap[][]} channels as `pictures`, one by one; none for gray and RGB
 * @property {import("./display.js").Display} display
 * @property {import("./pyramid.js").Level<Uint16Array>[]} probability
 * @property {import("./pyramid.js").Level<Uint32Array>[] | null} labels
 * @property {import("./pyramid.js").Level<Uint8Array>[] | null} correction
 * @property {Rival | null} rival
 * @property {ViewName} view
 * @property {number} threshold
 * @property {number} opacity
 * @property {import("./raster.js").Cells} cells
 */

const MOST_DENSITY = 2;

/** Draws one image and what was found in it. */
export class Picture {
  constructor() {
    this.canvas = /** @type {HTMLCanvasElement} */ (byId("canvas"));
    this.viewport = new Viewport();
    /** @type {Shown | null} */
    this.shown = null;
    this.density = 1;
    /** @type {{place: [number, number], diameter: number, cross: boolean} | null} the tool */
    this.cursor = null;
    this.#overlay = document.createElement("canvas");
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
  }

  #overlay;
  #waiting = false;

  /**
   * Show an image, or none.
   * @param {Shown | null} shown
   */
  show(shown) {
    this.shown = shown;
    if (shown) this.viewport.show(shown.pictures[0].width, shown.pictures[0].height);
    this.redraw();
  }

  /** Draw again with the next frame. */
  redraw() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#draw();
    });
  }

  /**
   * Return the place of the image under a pointer.
   * @param {{clientX: number, clientY: number}} event
   * @returns {[number, number]}
   */
  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.viewport.toImage((event.clientX - box.left) * this.density, (event.clientY - box.top) * this.density);
  }

  #resize() {
    this.density = Math.min(window.devicePixelRatio, MOST_DENSITY);
    const width = Math.max(1, Math.round(this.canvas.clientWidth * this.density));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * this.density));
    for (const canvas of [this.canvas, this.#overlay]) [canvas.width, canvas.height] = [width, height];
    this.viewport.resize(width, height);
    this.#draw();
  }

  #draw() {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.shown) return;
    this.#drawColors(context, this.shown);
    this.#drawOverlay(context, this.shown);
    if (this.shown.rival) this.#drawLine(context, this.shown.rival.share);
    if (this.cursor) this.#drawCursor(context, this.cursor);
  }

  /**
   * Draw the image in the contrast and the channels that are chosen.
   * @param {CanvasRenderingContext2D} context
   * @param {Shown} shown
   */
  #drawColors(context, shown) {
    const { width, height } = this.canvas;
    if (display.isPlain(shown.display) || !shown.channels.length) this.#drawImage(context, shown.pictures);
    if (display.isPlain(shown.display)) return;
    const image = context.getImageData(0, 0, width, height);
    if (!shown.channels.length) display.adjust(image.data, shown.display);
    const above = this.#overlay.getContext("2d", { willReadFrequently: true });
    const table = display.brightnessTable(shown.display);
    for (const [number, color] of display.channelColors(shown.channels.length).entries()) {
      if (!above || !shown.display.on[number]) continue;
      above.clearRect(0, 0, width, height);
      this.#drawImage(above, shown.channels[number]);
      display.addChannel(image.data, above.getImageData(0, 0, width, height).data, table, color);
    }
    context.putImageData(image, 0, 0);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {ImageBitmap[]} pictures
   */
  #drawImage(context, pictures) {
    const { x, y, scale, imageWidth, imageHeight } = this.viewport;
    const small = pictures[pictures.length - 1];
    const picture = scale <= small.width / pictures[0].width ? small : pictures[0];
    context.imageSmoothingEnabled = scale < 2;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, x, y, imageWidth * scale, imageHeight * scale);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Shown} shown
   */
  #drawOverlay(context, shown) {
    const above = this.#overlay.getContext("2d");
    if (!above || (shown.view === "image" && !shown.correction && !shown.cells.chosen)) return;
    const image = above.createImageData(this.#overlay.width, this.#overlay.height);
    const screen = new Uint32Array(image.data.buffer);
    this.#paint(screen, shown);
    if (shown.rival) this.#paintRight(screen, shown, shown.rival);
    above.putImageData(image, 0, 0);
    context.globalAlpha = shown.opacity;
    context.drawImage(this.#overlay, 0, 0);
    context.globalAlpha = 1;
  }

  /**
   * @param {Uint32Array} screen
   * @param {Shown} shown
   * @param {Rival} rival
   */
  #paintRight(screen, shown, { probability, labels, threshold, share }) {
    const right = new Uint32Array(screen.length);
    this.#paint(right, { ...shown, probability, labels, threshold, cells: { chosen: 0, excluded: null } });
    const { width } = this.#overlay;
    for (let start = Math.round(share * width), end = width; end <= screen.length; start += width, end += width) screen.set(right.subarray(start, end), start);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} share
   */
  #drawLine(context, share) {
    const left = Math.round(share * this.canvas.width);
    for (const [color, width] of /** @type {const} */ ([["#000", 4], ["#fff", 2]])) {
      context.fillStyle = color;
      context.fillRect(left - (width * this.density) / 2, 0, width * this.density, this.canvas.height);
    }
  }

  /**
   * Draw a circle as large as the brush, dark and light so that it is seen on any ground.
   * @param {CanvasRenderingContext2D} context
   * @param {{place: [number, number], diameter: number, cross: boolean}} cursor
   */
  #drawCursor(context, { place: [column, row], diameter, cross }) {
    const { x, y, scale } = this.viewport;
    const [left, top] = [column * scale + x, row * scale + y];
    const path = new Path2D();
    path.arc(left, top, Math.max(3, (diameter * scale) / 2), 0, 2 * Math.PI);
    for (const [dx, dy] of cross ? [[1, 0], [-1, 0], [0, 1], [0, -1]] : []) {
      path.moveTo(left + 6 * dx * this.density, top + 6 * dy * this.density);
      path.lineTo(left + 16 * dx * this.density, top + 16 * dy * this.density);
    }
    for (const [color, width] of /** @type {const} */ ([["#000", 3], ["#fff", 1.4]])) {
      context.strokeStyle = color;
      context.lineWidth = width * this.density;
      context.stroke(path);
    }
  }

  /**
   * @param {Uint32Array} screen
   * @param {Shown} shown
   */
  #paint(screen, { view, probability, labels, correction, threshold, cells }) {
    if (correction) {
      raster.paintCorrection(screen, this.viewport, correction);
      return;
    }
    if (view === "cells" && labels) raster.paintCells(screen, this.viewport, labels, cells);
    if (view === "outlines" && labels) raster.paintOutlines(screen, this.viewport, labels, cells);
    if (view === "boundary") raster.paintBoundary(screen, this.viewport, probability, threshold);
    if (view === "probability") raster.paintProbability(screen, this.viewport, probability);
    if (labels && view !== "cells" && view !== "outlines") raster.outlineChosen(screen, this.viewport, labels, cells.chosen);
  }
}
