// The priority queue of the watershed in seg/instances/flood.py: by value, then by age, the oldest first. Seeds of a value
// come before all else of that value, one after another: what a seed reaches below its value is flooded before the next.

const VALUES = 256;
const NONE = -1;
/** The line of what a seed has reached below its value. */
const AT_ONCE = VALUES;

/** Places of a picture with values from 0 to 255, each place at most once, in a line per value. */
export class Queue {
  /** @param {number} length of the picture */
  constructor(length) {
    this.#next = new Int32Array(length);
  }

  #reached = 0;
  #atSeed = false;
  /** Of each value, how many seeds its line begins with. */
  #seeds = new Int32Array(VALUES);
  /** Of each line its first and last place, and of each place the one behind it. */
  #first = new Int32Array(VALUES + 1).fill(NONE);
  #last = new Int32Array(VALUES + 1).fill(NONE);
  #next;

  /**
   * Add a seed, before anything else.
   * @param {number} value
   * @param {number} place
   */
  pushSeed(value, place) {
    this.#seeds[value] += 1;
    this.#append(value, place);
  }

  /**
   * Add a place beside the one that was taken out last.
   * @param {number} value
   * @param {number} place
   */
  push(value, place) {
    if (value >= this.#reached) this.#append(value, place);
    else this.#append(this.#atSeed ? AT_ONCE : this.#reached, place);
  }

  /** Take the first place out; -1 where there is none. */
  pop() {
    if (this.#first[AT_ONCE] !== NONE) return this.#shift(AT_ONCE);
    while (this.#reached < VALUES && this.#first[this.#reached] === NONE) this.#reached += 1;
    if (this.#reached === VALUES) return NONE;
    this.#atSeed = this.#seeds[this.#reached] > 0;
    if (this.#atSeed) this.#seeds[this.#reached] -= 1;
    return this.#shift(this.#reached);
  }

  /**
   * @param {number} line
   * @param {number} place
   */
  #append(line, place) {
    this.#next[place] = NONE;
    if (this.#first[line] === NONE) this.#first[line] = place;
    else this.#next[this.#last[line]] = place;
    this.#last[line] = place;
  }

  /** @param {number} line */
  #shift(line) {
    const place = this.#first[line];
    this.#first[line] = this.#next[place];
    return place;
  }
}
