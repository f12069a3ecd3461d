// A second model on the image that is looked at: its answer is shown right of a line that can be moved.

import { fetchModel, fetchModels, predict, ServiceError } from "./api.js";
import { inBackground } from "./background/call.js";
import { byId, element } from "./dom.js";
import { formatNumber, hasText, text } from "./language.js";
import { boundaryCode } from "./viewer/raster.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Item} Item */
/**
 * @typedef {object} Rival the answer of the other model to one image
 * @property {Item} item
 * @property {string} asked what it depends on
 * @property {import("./session.js").View | null} view
 * @property {import("./viewer/pyramid.js").Level<Uint32Array>[] | null} labels
 * @property {number | null} cells
 */

/** Keeps the answer of the chosen model to the image that is looked at. */
export class Comparison {
  /**
   * @param {Session} session
   * @param {(message: string) => void} announce
   */
  constructor(session, announce) {
    this.#session = session;
    this.#announce = announce;
    byId("other-model").addEventListener("change", () => void this.#choose(/** @type {HTMLSelectElement} */ (byId("other-model")).value));
    byId("swipe").addEventListener("input", () => session.emit("change"));
    session.on(["list", "current"], () => void this.#update());
  }

  #session;
  #announce;
  /** @type {Record<string, any>[]} */
  #models = [];
  /** @type {Record<string, any> | null} the card of the other model */
  #card = null;
  /** @type {Rival | null} */
  #rival = null;
  #leave = new AbortController();

  /** Offer the models of the store, if there are several. */
  async load() {
    this.#models = await fetchModels().catch(() => []);
    this.translate();
  }

  /** Fill in the list of models. */
  translate() {
    const others = this.#models.filter((model) => !model.served);
    const options = others.map(({ tag, name, metric, test }) => element("option", { value: tag }, test === null ? name : `${name}, ${metric} ${formatNumber(test, { maximumSignificantDigits: 3 })}`));
    byId("other-model").replaceChildren(element("option", { value: "" }, text("compare.none")), ...options);
    /** @type {HTMLSelectElement} */ (byId("other-model")).value = this.#card?.tag ?? "";
    byId("compare").hidden = others.length === 0;
  }

  /**
   * Return what is shown on the right, if there is anything to compare.
   * @param {Item} item
   * @returns {import("./viewer/picture.js").Rival | null}
   */
  shown(item) {
    const view = this.#rival?.item === item ? this.#rival.view : null;
    if (!view || !this.#rival) return null;
    const share = Number(/** @type {HTMLInputElement} */ (byId("swipe")).value);
    return { probability: view.probability, labels: this.#rival.labels, threshold: this.#thresholdOf(item), share };
  }

  /**
   * Say which model is on which side and what each finds.
   * @param {Item | null} item
   * @param {boolean} visible
   */
  tell(item, visible) {
    byId("swipe-frame").hidden = !visible;
    const rival = this.#rival;
    if (!visible || !item?.view || !rival?.view) return;
    const [left, right] = [this.#models.find((model) => model.served)?.name ?? "", this.#models.find((model) => model.tag === this.#card?.tag)?.name ?? ""];
    byId("swipe-left").textContent = finding(left, item.view, this.#session.thresholdOf(item), item.preview?.cells ?? item.cells);
    byId("swipe-right").textContent = finding(right, rival.view, this.#thresholdOf(item), rival.cells);
  }

  /** @param {Item} item */
  #thresholdOf(item) {
    const averaged = item.options.tta ?? this.#card?.tta;
    return item.threshold ?? (averaged ? this.#card?.threshold_tta : null) ?? this.#card?.threshold ?? 0.5;
  }

  /** @param {string} tag */
  async #choose(tag) {
    this.#drop();
    this.#card = null;
    this.#session.emit("change");
    if (!tag) return;
    await this.#trying(async () => {
      this.#card = await fetchModel(tag);
      await this.#update();
    });
  }

  async #update() {
    const item = this.#session.current;
    const asked = JSON.stringify([item?.id, item?.options, this.#card?.tag]);
    if (this.#rival && this.#rival.asked !== asked) this.#drop();
    if (this.#rival || !this.#card || item?.status !== "ready" || !item.view) return;
    const rival = { item, asked, view: null, labels: null, cells: null };
    this.#rival = rival;
    await this.#trying(() => this.#ask(rival));
  }

  /** @param {Rival} rival */
  async #ask(rival) {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const options = { ...rival.item.options, decoder: null, model: this.#card?.tag };
    this.#announce(text("compare.working"));
    const archiveOf = async (/** @type {string} */ format) => new Uint8Array(await (await predict(rival.item.file, format, options, () => undefined, signal)).arrayBuffer());
    const view = await inBackground("readView", { archive: await archiveOf("view") });
    for (const picture of [view.pictures, ...view.channels].flat()) picture.close();
    if (signal.aborted) return;
    rival.view = view;
    this.#session.emit("change");
    const { labels, csv } = await inBackground("readCells", { archive: await archiveOf("zip") });
    if (signal.aborted) return;
    Object.assign(rival, { labels, cells: csv.trimEnd().split("\n").length - 1 });
    this.#session.emit("change");
  }

  #drop() {
    this.#leave.abort();
    this.#rival = null;
  }

  /** @param {() => Promise<void>} act */
  async #trying(act) {
    try {
      await act();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      const { code, message } = error instanceof ServiceError ? error : { code: "page_failed", message: "" };
      this.#announce(hasText(`error.${code}`) ? text(`error.${code}`) : message);
    }
  }
}

/**
 * @param {string} name
 * @param {import("./session.js").View} view
 * @param {number} threshold
 * @param {number | null} cells
 */
function finding(name, view, threshold, cells) {
  const [level] = view.probability;
  const share = (100 * view.atLeast[boundaryCode(threshold)]) / (level.width * level.height);
  const found = cells === null ? "" : ` · ${text("measure.cells", { count: cells })}`;
  return `${name} · ${text("compare.share", { share: formatNumber(share, { maximumFractionDigits: 1 }) })}${found}`;
}
