// The priority queue of scikit-image's watershed: by value, then by age, the oldest first.
//
// Seeds are all of the same age. Which of two equal ones comes first follows from how the binary heap of scikit-image
// moves its elements (skimage/_shared/heap_general.pxi), and decides on pixels between two cells: so a heap here moves
// them in the same way. Once the last seed has been taken out, no two are equal, and a line per value is quicker.

const FIRST_CAPACITY = 1 << 14;
/** Ages are below: value and age are one number. */
const VALUE = 2 ** 32;
const VALUES = 256;
const NONE = -1;

/** Places of a picture with values from 0 to 255, each place at most once. */
export class Queue {
  /** @param {number} length of the picture */
  constructor(length) {
    this.#next = new Int32Array(length);
  }

  #keys = new Float64Array(FIRST_CAPACITY);
  #places = new Int32Array(FIRST_CAPACITY);
  #size = 0;
  #seeds = 0;
  #reached = 0;
  /** @type {number[]} age -> place, while there are seeds */
  #ages = [NONE];
  /** Of each value the first and the last place of its line, and of each place the one behind it. */
  #first = new Int32Array(VALUES).fill(NONE);
  #last = new Int32Array(VALUES).fill(NONE);
  #next;

  /**
   * Add a seed, before anything else.
   * @param {number} value
   * @param {number} place
   */
  pushSeed(value, place) {
    this.#seeds += 1;
    this.#insert(value * VALUE, place);
  }

  /**
   * Add a place that is younger than all others; its value is at least that of the last one that was taken out.
   * @param {number} value
   * @param {number} place
   */
  push(value, place) {
    const least = value > this.#reached ? value : this.#reached;
    if (this.#seeds > 0) this.#insert(least * VALUE + this.#ages.push(place) - 1, place);
    else this.#append(least, place);
  }

  /** Take the first place out; -1 where there is none. */
  pop() {
    if (this.#seeds > 0) return this.#popOfHeap();
    while (this.#reached < VALUES && this.#first[this.#reached] === NONE) this.#reached += 1;
    if (this.#reached === VALUES) return NONE;
    const place = this.#first[this.#reached];
    this.#first[this.#reached] = this.#next[place];
    return place;
  }

  #popOfHeap() {
    const [key, place] = [this.#keys[0], this.#places[0]];
    this.#reached = Math.floor(key / VALUE);
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#keys[this.#size], this.#places[this.#size]);
    if (key % VALUE === 0) this.#seeds -= 1;
    if (this.#seeds === 0) this.#lineUp();
    return place;
  }

  /** Move what is in the heap into lines. */
  #lineUp() {
    for (const key of this.#keys.slice(0, this.#size).sort()) this.#append(Math.floor(key / VALUE), this.#ages[key % VALUE]);
  }

  /**
   * @param {number} value
   * @param {number} place
   */
  #append(value, place) {
    this.#next[place] = NONE;
    if (this.#first[value] === NONE) this.#first[value] = place;
    else this.#next[this.#last[value]] = place;
    this.#last[value] = place;
  }

  /**
   * @param {number} key
   * @param {number} place
   */
  #insert(key, place) {
    if (this.#size === this.#keys.length) this.#grow();
    const [keys, places] = [this.#keys, this.#places];
    let child = this.#size;
    this.#size += 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (key >= keys[parent]) break;
      keys[child] = keys[parent];
      places[child] = places[parent];
      child = parent;
    }
    keys[child] = key;
    places[child] = place;
  }

  /**
   * Let an element sink from the top: below the smaller child; of two equal ones, below the left one.
   * @param {number} key
   * @param {number} place
   */
  #sink(key, place) {
    const [keys, places, size] = [this.#keys, this.#places, this.#size];
    let parent = 0;
    for (let child = 1; child < size; child = 2 * parent + 1) {
      if (child + 1 < size && keys[child + 1] < keys[child]) child += 1;
      if (keys[child] >= key) break;
      keys[parent] = keys[child];
      places[parent] = places[child];
      parent = child;
    }
    keys[parent] = key;
    places[parent] = place;
  }

  #grow() {
    const [keys, places] = [new Float64Array(2 * this.#size), new Int32Array(2 * this.#size)];
    keys.set(this.#keys);
    places.set(this.#places);
    [this.#keys, this.#places] = [keys, places];
  }
}
