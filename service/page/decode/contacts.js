// Pairs of regions that touch by a side, as seg/instances/regions.py finds them.

/** Rows between which sums go on: sums of floating point depend on their order. */
const BAND_PX = 256;
const FIRST_SLOTS = 1 << 12;

/**
 * Call back for each two pixels with different labels that touch by a side.
 * @param {Int32Array} labels row by row
 * @param {number} width
 * @param {(one: number, other: number) => void} act places of the left or upper pixel and of the other one
 */
export function forEachContact(labels, width, act) {
  const rows = labels.length / width;
  for (let top = 0; top < rows; top += BAND_PX) {
    const [start, end] = [top * width, Math.min(top + BAND_PX, rows) * width];
    for (let row = start; row < end; row += width) {
      const last = row + width - 1;
      for (let place = row; place < last; place += 1) if (labels[place] !== labels[place + 1]) act(place, place + 1);
    }
    const stop = Math.min(end, labels.length - width);
    for (let place = start; place < stop; place += 1) if (labels[place] !== labels[place + width]) act(place, place + width);
  }
}

/** Each pair once, the smaller label first, with what the heights are where the two touch. */
export class Contacts {
  /**
   * @param {Int32Array} labels row by row
   * @param {number} width
   * @param {(one: number, other: number) => number} heightAt of the contact of two places
   */
  constructor(labels, width, heightAt) {
    /** @type {{first: number, second: number, length: number, total: number, highest: number}[]} */
    this.pairs = [];
    forEachContact(labels, width, (one, other) => {
      const [a, b] = [labels[one], labels[other]];
      const pair = a < b ? this.#pair(a, b) : this.#pair(b, a);
      const height = heightAt(one, other);
      pair.length += 1;
      pair.total += height;
      if (height > pair.highest) pair.highest = height;
    });
    this.pairs.sort((one, other) => one.first - other.first || one.second - other.second);
  }

  #slots = new Int32Array(FIRST_SLOTS).fill(-1);

  /**
   * @param {number} first
   * @param {number} second
   */
  #pair(first, second) {
    const slot = this.#slotOf(first, second);
    const known = this.#slots[slot];
    if (known >= 0) return this.pairs[known];
    const pair = { first, second, length: 0, total: 0, highest: -Infinity };
    this.#slots[slot] = this.pairs.push(pair) - 1;
    if (2 * this.pairs.length > this.#slots.length) this.#grow();
    return pair;
  }

  /**
   * Return the slot of a pair, or the free one where it belongs.
   * @param {number} first
   * @param {number} second
   */
  #slotOf(first, second) {
    const mask = this.#slots.length - 1;
    let slot = (Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> 7 & mask;
    for (let known = this.#slots[slot]; known >= 0; known = this.#slots[slot]) {
      if (this.pairs[known].first === first && this.pairs[known].second === second) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow() {
    this.#slots = new Int32Array(4 * this.#slots.length).fill(-1);
    for (const [number, { first, second }] of this.pairs.entries()) this.#slots[this.#slotOf(first, second)] = number;
  }
}
