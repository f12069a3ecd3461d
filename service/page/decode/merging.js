// Merging of regions that hardly any boundary separates, as seg/instances/merging.py does it.

import { Contacts } from "./contacts.js";
import { fill } from "./fill.js";

/** @typedef {{total: number, length: number}} Contact sum and number of the heights between two regions */
/**
 * @typedef {object} Edge a contact that waits for its turn
 * @property {number} mean height
 * @property {number} from
 * @property {number} to
 * @property {boolean} valid false once one of its regions has changed
 */

/** The merges of a picture, the weakest contact first: made as far as a limit needs them, and then known. */
export class Merging {
  /**
   * @param {Int32Array} labels from 1; 0 is background and is never merged
   * @param {number} width
   * @param {(place: number) => number} boundaryAt probability
   * @param {number} count the largest label
   */
  constructor(labels, width, boundaryAt, count) {
    this.#labels = labels;
    this.#neighbors = Array.from({ length: count + 1 }, () => new Map());
    const { pairs } = new Contacts(labels, width, (one, other) => Math.max(boundaryAt(one), boundaryAt(other)));
    for (const { first, second, total, length } of pairs) if (first > 0) this.#add({ mean: total / length, from: first, to: second, valid: true }, length);
  }

  #labels;
  /** @type {Map<number, {edge: Edge, length: number}>[]} region -> neighbor -> their contact */
  #neighbors;
  /** @type {Edge[]} a heap */
  #waiting = [];
  /** @type {{from: number, to: number, at: number}[]} */
  #merges = [];

  /**
   * Return the regions merged until no mean along a contact is below a limit, numbered from 1 without gaps.
   * @param {number} limit
   * @returns {Int32Array}
   */
  upTo(limit) {
    while (this.#waiting.length && this.#waiting[0].mean < limit) this.#step();
    const done = this.#merges.findIndex(({ at }) => at >= limit);
    return this.#relabel(done < 0 ? this.#merges : this.#merges.slice(0, done));
  }

  #step() {
    const { mean, from, to, valid } = popped(this.#waiting);
    if (!valid) return;
    this.#merges.push({ from, to, at: Math.max(mean, this.#merges[this.#merges.length - 1]?.at ?? 0) });
    const [gone, kept] = [this.#neighbors[from], this.#neighbors[to]];
    for (const contacts of [gone, kept]) for (const { edge } of contacts.values()) edge.valid = false;
    gone.delete(to);
    kept.delete(from);
    const around = new Set([...gone.keys(), ...kept.keys()]);
    const pooled = [...around].map((neighbor) => ({ neighbor, ...pool([gone.get(neighbor), kept.get(neighbor)]) }));
    for (const neighbor of gone.keys()) this.#neighbors[neighbor].delete(from);
    gone.clear();
    for (const { neighbor, mean: height, length } of pooled) this.#add({ mean: height, from: to, to: neighbor, valid: true }, length);
  }

  /**
   * @param {Edge} edge
   * @param {number} length
   */
  #add(edge, length) {
    this.#neighbors[edge.from].set(edge.to, { edge, length });
    this.#neighbors[edge.to].set(edge.from, { edge, length });
    push(this.#waiting, edge);
  }

  /** @param {{from: number, to: number}[]} merges */
  #relabel(merges) {
    const numbers = Int32Array.from(this.#neighbors, (_, region) => region);
    const stays = new Uint8Array(numbers.length).fill(1);
    for (const { from } of merges) stays[from] = 0;
    for (let region = 0, number = 0; region < numbers.length; region += 1) if (stays[region]) numbers[region] = number++;
    for (const { from, to } of merges.toReversed()) numbers[from] = numbers[to];
    const labels = this.#labels;
    return fill(new Int32Array(labels.length), (place) => numbers[labels[place]]);
  }
}

/**
 * Return the contact of a neighbor with two regions that become one.
 * @param {({edge: Edge, length: number} | undefined)[]} contacts
 */
function pool(contacts) {
  let [length, total] = [0, 0];
  for (const contact of contacts) {
    if (!contact) continue;
    length += contact.length;
    total += contact.length * contact.edge.mean;
  }
  return { mean: total / length, length };
}

/**
 * @param {Edge} one
 * @param {Edge} other
 */
function before(one, other) {
  return (one.mean - other.mean || one.from - other.from || one.to - other.to) < 0;
}

/**
 * @param {Edge[]} heap
 * @param {Edge} edge
 */
function push(heap, edge) {
  let place = heap.push(edge) - 1;
  for (let above = (place - 1) >> 1; place > 0 && before(edge, heap[above]); above = (place - 1) >> 1) {
    heap[place] = heap[above];
    place = above;
  }
  heap[place] = edge;
}

/**
 * Take the first edge out of a heap.
 * @param {Edge[]} heap not empty
 */
function popped(heap) {
  const first = heap[0];
  const last = /** @type {Edge} */ (heap.pop());
  if (!heap.length) return first;
  let place = 0;
  for (let below = 1; below < heap.length; below = 2 * place + 1) {
    if (below + 1 < heap.length && before(heap[below + 1], heap[below])) below += 1;
    if (!before(heap[below], last)) break;
    heap[place] = heap[below];
    place = below;
  }
  heap[place] = last;
  return first;
}
