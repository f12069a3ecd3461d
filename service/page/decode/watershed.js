// Seeds, watershed, merging: seg/instances/watershed.py for the 16-bit probabilities that the service sends.

import { distanceToEdge } from "./distance.js";
import { fill, maskOf } from "./fill.js";
import { flood } from "./flood.js";
import { Merging } from "./merging.js";
import { numberPeaks } from "./peaks.js";
import { connectedRegions, dropSmall, fillHoles, largest } from "./regions.js";
import { smooth } from "./smooth.js";

/**
 * @typedef {object} Decoder the numbers of `seg.instances.watershed.WatershedDecoder`, which explains them
 * @property {"inside" | "all"} foreground bright and dark need the image as the network sees it, which the page has not
 * @property {"score" | "center"} seeds
 * @property {number} seed_score
 * @property {number} boundary_weight
 * @property {number} sigma_px
 * @property {number} min_seed_px
 * @property {number} seed_depth_px
 * @property {number} foreground_probability
 * @property {number} merge_below
 * @property {number | null} keep_boundary
 * @property {number} min_size_px
 * @property {boolean} holes
 */

const BOUNDARY = 0;
const INSIDE = 1;
const CENTER = 2;
/** Distances to a digital edge are smoothed by it: else their ridges are rough. */
const RIDGES_PX = 1;

/** 16-bit code -> probability, in single precision as Python has it. */
const PROBABILITY = Float32Array.from({ length: 65536 }, (_, code) => code / 65535);

/** Finds the cells of one picture; what does not depend on a number that has changed is not made again. */
export class Watershed {
  /**
   * @param {number} width
   * @param {Uint16Array[]} channels the probabilities, row by row: boundary, inside, center
   */
  constructor(width, channels) {
    this.#width = width;
    this.#channels = channels;
  }

  #width;
  #channels;
  /** @type {Map<string, {key: string, value: any}>} */
  #made = new Map();

  /**
   * Return the cells, numbered from 1 without gaps.
   * @param {Decoder} decoder
   * @returns {Int32Array}
   */
  decode(decoder) {
    const { merge_below: mergeBelow, keep_boundary: keepBoundary, holes, min_size_px: minSize } = decoder;
    const growing = [decoder.foreground, decoder.foreground_probability, decoder.boundary_weight, decoder.sigma_px];
    const seeding = [decoder.seeds, decoder.seed_score, decoder.min_seed_px, decoder.seed_depth_px];
    const grown = this.#once("grown", [...growing, ...seeding], () => this.#grow(decoder));
    const cells = this.#once("cells", [...growing, ...seeding, mergeBelow, keepBoundary, holes], () => {
      const merged = mergeBelow > 0 ? this.#merging(grown, [...growing, ...seeding]).upTo(mergeBelow) : grown;
      const kept = keepBoundary === null ? merged : this.#withoutBoundary(merged, keepBoundary);
      return holes ? fillHoles(kept, this.#width) : kept;
    });
    return dropSmall(cells, minSize);
  }

  /**
   * Return what was made by the same numbers, or make it.
   * @template T
   * @param {string} name
   * @param {unknown[]} numbers that it depends on
   * @param {() => T} make
   * @returns {T}
   */
  #once(name, numbers, make) {
    const key = JSON.stringify(numbers);
    const known = this.#made.get(name);
    if (known?.key === key) return known.value;
    this.#made.delete(name); // may be large
    const value = make();
    this.#made.set(name, { key, value });
    return value;
  }

  /** @param {Decoder} decoder */
  #grow(decoder) {
    const { boundary_weight: weight, sigma_px: sigma } = decoder;
    const score = this.#once("score", [weight, sigma], () => smooth(this.#score(weight), this.#width, sigma));
    const relief = this.#once("relief", [weight, sigma], () => reliefOf(score));
    const region = decoder.foreground === "inside" ? this.#above(INSIDE, decoder.foreground_probability) : null;
    const level = decoder.seeds === "center" ? this.#once("center", [sigma], () => smooth(this.#probability(CENTER), this.#width, sigma)) : score;
    const least = Math.fround(decoder.seed_score);
    const regions = maskOf(level.length, (place) => level[place] > least && (region === null || region[place] === 1));
    return withUnseeded(flood(relief, this.#seeds(regions, decoder), region, this.#width), region, this.#width);
  }

  /** @param {number} weight of the boundary */
  #score(weight) {
    const [boundary, inside] = this.#channels;
    const weighted = PROBABILITY.map((probability) => probability * Math.fround(weight));
    return fill(new Float32Array(boundary.length), (place) => (inside ? PROBABILITY[inside[place]] : 1) - weighted[boundary[place]]);
  }

  /** @param {number} channel */
  #probability(channel) {
    const codes = this.#channels[channel];
    return fill(new Float32Array(codes.length), (place) => PROBABILITY[codes[place]]);
  }

  /**
   * @param {number} channel
   * @param {number} probability
   */
  #above(channel, probability) {
    const [codes, level] = [this.#channels[channel], Math.fround(probability)];
    return maskOf(codes.length, (place) => PROBABILITY[codes[place]] > level);
  }

  /**
   * @param {Uint8Array} regions
   * @param {Decoder} decoder
   */
  #seeds(regions, decoder) {
    const seeds = dropSmall(connectedRegions(regions, this.#width), decoder.min_seed_px);
    if (!decoder.seed_depth_px) return seeds;
    const found = maskOf(seeds.length, (place) => seeds[place] > 0);
    const distance = smooth(distanceToEdge(found, this.#width), this.#width, RIDGES_PX);
    return numberPeaks(fill(distance, (place) => distance[place] * found[place]), this.#width, decoder.seed_depth_px);
  }

  /**
   * @param {Int32Array} grown
   * @param {unknown[]} numbers
   */
  #merging(grown, numbers) {
    const boundary = this.#channels[BOUNDARY];
    return this.#once("merging", numbers, () => new Merging(grown, this.#width, (place) => PROBABILITY[boundary[place]], largest(grown)));
  }

  /**
   * @param {Int32Array} cells
   * @param {number} least probability of the boundary that belongs to no cell
   */
  #withoutBoundary(cells, least) {
    const [boundary, level] = [this.#channels[BOUNDARY], Math.fround(least)];
    return fill(new Int32Array(cells.length), (place) => (PROBABILITY[boundary[place]] >= level ? 0 : cells[place]));
  }
}

/**
 * Return 255 steps from the highest possible score, 1, down to the lowest in the picture.
 * @param {Float32Array} score
 */
function reliefOf(score) {
  let lowest = 0;
  for (let place = 0; place < score.length; place += 1) if (score[place] < lowest) lowest = score[place];
  const scale = Math.fround(255 / (1 - lowest));
  return fill(new Uint8Array(score.length), (place) => Math.min(Math.max(Math.fround(Math.fround(1 - score[place]) * scale), 0), 255));
}

/**
 * Return the cells with each piece of the foreground that no seed reached as a cell, too.
 * @param {Int32Array} cells
 * @param {Uint8Array | null} region null for everywhere
 * @param {number} width
 */
function withUnseeded(cells, region, width) {
  const missed = maskOf(cells.length, (place) => cells[place] === 0 && (region === null || region[place] === 1));
  if (!missed.includes(1)) return cells;
  const [more, most] = [connectedRegions(missed, width), largest(cells)];
  return fill(new Int32Array(cells.length), (place) => (missed[place] ? more[place] + most : cells[place]));
}
