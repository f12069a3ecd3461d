// The images of this visit, and which of them is looked at. Nothing of it is stored on the server.

/** @typedef {import("./correct/edit.js").Edit} Edit */
/** @typedef {"waiting" | "working" | "shown" | "ready" | "failed"} Status */
/**
 * @typedef {object} View what is shown first
 * @property {ImageBitmap[]} pictures
 * @property {boolean} color whether the picture has RGB
 * @property {ImageBitmap[][]} channels each as a picture of its own, where the image is neither gray nor RGB
 * @property {import("./viewer/pyramid.js").Level<Uint16Array>[]} probability
 * @property {Uint32Array} atLeast code -> pixels with at least this code
 */
/**
 * @typedef {object} Found the cells
 * @property {import("./viewer/pyramid.js").Level<Uint32Array>[]} labels
 * @property {import("./measure/table.js").Table} table
 * @property {[number, number] | null} pixelSize height and width of a pixel in micrometers
 */
/**
 * @typedef {object} Preview the cells that the browser has found while a slider moves
 * @property {import("./viewer/pyramid.js").Level<Uint32Array>[]} labels
 * @property {number} cells
 * @property {Uint8Array} atBorder label -> 1 for cells at the border of the image
 */
/**
 * @typedef {object} Item one image
 * @property {number} id
 * @property {File} file
 * @property {string} name
 * @property {Status} status
 * @property {string} progress what the service does for it
 * @property {number} ahead large images before it in the queue of the service
 * @property {{code: string, message: string, requestId: string} | null} error
 * @property {string[]} unlike in what it is unlike the images of the training
 * @property {number} pages of its file
 * @property {import("./api.js").Options} options
 * @property {string | null} wanted numbers of the decoder that the user wants; `options.decoder` is what was asked for
 * @property {number | null} threshold null for the model's
 * @property {Uint8Array | null} viewArchive
 * @property {Uint8Array | null} cellArchive
 * @property {View | null} view
 * @property {Found | null} found
 * @property {Preview | null} preview shown instead of what was found until the service has answered what is wanted
 * @property {number | null} cells that were found
 * @property {number} chosen label of the chosen cell
 * @property {Map<number, Edit>} edits page -> its correction
 */

let last = 0;

/** Emits "list" when images come or go or get on, "current" when another one is looked at, "change" for its settings. */
export class Session extends EventTarget {
  constructor() {
    super();
    /** @type {Item[]} */
    this.items = [];
    /** @type {Item | null} */
    this.current = null;
    /** @type {Record<string, any> | null} the model card */
    this.model = null;
  }

  /**
   * Add images to the list; the first is looked at.
   * @param {File[]} files
   */
  add(files) {
    const added = files.map(newItem);
    this.items.push(...added);
    this.emit("list");
    if (added.length && (!this.current || this.current.status === "failed")) this.select(added[0]);
  }

  /** @param {Item | null} item */
  select(item) {
    this.current = item;
    this.emit("current");
  }

  /** @param {Item} item */
  remove(item) {
    const place = this.items.indexOf(item);
    this.items.splice(place, 1);
    this.emit("list");
    if (this.current === item) this.select(this.items[Math.min(place, this.items.length - 1)] ?? null);
  }

  /**
   * Have an image predicted again.
   * @param {Item} item
   * @param {Partial<import("./api.js").Options>} options
   */
  ask(item, options = {}) {
    Object.assign(item.options, options);
    Object.assign(item, { status: "waiting", error: null, unlike: [], view: null, found: null, preview: null, viewArchive: null, cellArchive: null, cells: null, chosen: 0 });
    this.emit("list");
    if (item === this.current) this.emit("current");
  }

  /**
   * Try again what failed: the cells alone, where there is a picture.
   * @param {Item} item
   */
  retry(item) {
    if (!item.viewArchive) {
      this.ask(item);
      return;
    }
    Object.assign(item, { status: "shown", error: null });
    this.emit("list");
    if (item === this.current) this.emit("current");
  }

  /** @param {"list" | "current" | "change" | "model" | "wake"} kind */
  emit(kind) {
    this.dispatchEvent(new Event(kind));
  }

  /**
   * @param {("list" | "current" | "change" | "model" | "wake")[]} kinds
   * @param {() => void} act
   */
  on(kinds, act) {
    for (const kind of kinds) this.addEventListener(kind, act);
  }

  /**
   * Return the threshold of the boundary: the user's or the model's.
   * @param {Item} item
   * @returns {number}
   */
  thresholdOf(item) {
    return item.threshold ?? this.defaultThreshold(item);
  }

  /**
   * @param {Item} item
   * @returns {number}
   */
  defaultThreshold(item) {
    const averaged = this.averages(item) ? this.model?.threshold_tta : null;
    return averaged ?? this.model?.threshold ?? 0.5;
  }

  /**
   * Return whether predictions are averaged: as the user says, else as the model's scores were made.
   * @param {Item} item
   * @returns {boolean}
   */
  averages(item) {
    return item.options.tta ?? this.model?.tta ?? false;
  }
}

/**
 * @param {File} file
 * @returns {Item}
 */
function newItem(file) {
  last += 1;
  return {
    id: last,
    file,
    name: file.name,
    status: "waiting",
    progress: "",
    ahead: 0,
    error: null,
    unlike: [],
    pages: 1,
    options: { page: null, pixelSize: null, tta: null, decoder: null },
    wanted: null,
    threshold: null,
    viewArchive: null,
    cellArchive: null,
    view: null,
    found: null,
    preview: null,
    cells: null,
    chosen: 0,
    edits: new Map(),
  };
}

/**
 * Return the correction of the page that is looked at.
 * @param {Item} item
 */
export function editOf(item) {
  return item.edits.get(item.options.page ?? 0) ?? null;
}
