// The priority queue of scikit-image's watershed: by value, then by age, the oldest first.
//
// Seeds are all of the same age. Which of two equal ones comes first follows from how the binary heap of scikit-image
// moves its elements (skimage/_shared/heap_general.pxi), and decides on pixels between two cells: so this one moves
// them in the same way. Buckets by value would be quicker by a third and differ there.

const FIRST_CAPACITY = 1 << 14;
/** Ages are below: value and age are one number. */
const VALUE = 2 ** 32;

/** Places of a picture. */
export class Queue {
  #keys = new Float64Array(FIRST_CAPACITY);
  #places = new Int32Array(FIRST_CAPACITY);
  #size = 0;
  #age = 0;
  #reached = 0;

  /**
   * Add a place that is younger than all others; its value is at least that of the last one that was taken out.
   * @param {number} value
   * @param {number} place
   */
  push(value, place) {
    this.#age += 1;
    this.#insert(Math.max(value, this.#reached) * VALUE + this.#age, place);
  }

  /**
   * Add a place that is older than all that `push` adds.
   * @param {number} value
   * @param {number} place
   */
  pushOldest(value, place) {
    this.#insert(value * VALUE, place);
  }

  /** Take the first place out; -1 where there is none. */
  pop() {
    if (this.#size === 0) return -1;
    const place = this.#places[0];
    this.#reached = Math.floor(this.#keys[0] / VALUE);
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#keys[this.#size], this.#places[this.#size]);
    return place;
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
