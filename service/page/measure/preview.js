// Cells by numbers that are being moved: found in the browser at once, until the service has found and measured them.

import { inBackground } from "../background/call.js";

/** @typedef {import("../session.js").Session} Session */
/** @typedef {import("../session.js").Item} Item */

/** The decoder that the browser has, too; others are the service's alone. */
const WATERSHED = "seg.instances.watershed.WatershedDecoder";
/** Foregrounds that are found in the probabilities; bright and dark need the image as the network sees it. */
const FOREGROUNDS = ["all", "inside"];
/** After a move of the seeds, larger pictures take a core longer than 1.5 s: 0.4 s per megapixel of tissue. */
const MOST_PX = 4e6;

/** Asks the worker for cells: one request at a time, and of those that come meanwhile the last. */
export class CellPreview {
  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    session.on(["current"], () => this.#closeOther());
  }

  #session;
  /** @type {import("../session.js").View | null} whose probabilities the worker has */
  #open = null;
  #busy = false;
  /** @type {{item: Item, numbers: Record<string, unknown>, shown: boolean} | null} */
  #next = null;

  /**
   * Return whether cells of an image can be found here.
   * @param {Item | null} item
   */
  canFind(item) {
    const { decoder, network } = this.#session.model ?? {};
    const [level] = item?.view?.probability ?? [];
    if (!item || !level || decoder?.class_path !== WATERSHED || !FOREGROUNDS.includes(decoder.init_args.foreground)) return false;
    const complete = network.classes === 1 || item.cellArchive !== null || item.view === this.#open;
    return complete && level.width * level.height <= MOST_PX;
  }

  /**
   * Find the cells, if that can be done here.
   * @param {Item} item
   * @param {Record<string, unknown>} numbers of the decoder
   * @param {boolean} shown or else only what the next ones need is made
   */
  find(item, numbers, shown) {
    if (!this.canFind(item)) return;
    this.#next = { item, numbers, shown };
    void this.#work();
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#next) {
      const { item, numbers, shown } = this.#next;
      this.#next = null;
      try {
        await this.#make(item, numbers, shown);
      } catch {
        this.#open = null; // the service answers all the same
      }
    }
    this.#busy = false;
  }

  /**
   * @param {Item} item
   * @param {Record<string, unknown>} numbers
   * @param {boolean} shown
   */
  async #make(item, numbers, shown) {
    const { view } = item;
    if (!view || item !== this.#session.current) return;
    if (view !== this.#open) await this.#openPicture(item, view);
    const made = await inBackground("findCells", { decoder: numbers });
    if (!shown || item.view !== view) return;
    item.preview = isAnswered(item) ? null : made;
    this.#session.emit(item.preview ? "change" : "current");
  }

  /**
   * @param {Item} item
   * @param {import("../session.js").View} view
   */
  async #openPicture(item, view) {
    const [{ width, data }] = view.probability;
    const archive = (this.#session.model?.network.classes ?? 1) > 1 ? item.cellArchive : null;
    this.#open = view;
    await inBackground("openPicture", { width, boundary: data, archive });
  }

  #closeOther() {
    if (!this.#open || this.#session.current?.view === this.#open) return;
    this.#open = null;
    void inBackground("closePicture", {});
  }
}

/**
 * Return whether the service has found the cells that are wanted.
 * @param {Item} item
 */
export function isAnswered(item) {
  return item.found !== null && item.wanted === item.options.decoder;
}
