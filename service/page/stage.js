// The picture with its controls: view, threshold, pages, what goes on, what is under the pointer.

import { Contrast } from "./contrast.js";
import { byId, element } from "./dom.js";
import { formatNumber, hasText, text } from "./language.js";
import { nameOfColumn, shownColumns } from "./measure/columns.js";
import { editOf } from "./session.js";
import { boundaryCode } from "./viewer/raster.js";
import { listen, zoom } from "./viewer/gestures.js";
import { Picture } from "./viewer/picture.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./viewer/picture.js").ViewName} ViewName */
/** @typedef {import("./measure/panel.js").MeasurePanel} MeasurePanel */
/** @typedef {import("./correct/panel.js").CorrectPanel} CorrectPanel */

const ZOOM_STEP = 1.5;
const IN_READOUT = 5;

/** Shows the image that is looked at. */
export class Stage {
  /**
   * @param {Session} session
   * @param {MeasurePanel} measure
   * @param {CorrectPanel} correct
   * @param {import("./compare.js").Comparison} comparison
   */
  constructor(session, measure, correct, comparison) {
    this.#session = session;
    this.#comparison = comparison;
    this.#measure = measure;
    this.#correct = correct;
    this.#picture = new Picture();
    this.#contrast = new Contrast(() => this.show());
    listen(this.#picture, {
      hover: (place) => this.#hover(place),
      click: (place) => this.#click(place),
      drawing: () => correct.drawing(),
      diameter: () => correct.shownDiameter,
      stroke: (place, phase, straight) => correct.stroke(place, phase, straight),
    });
    this.#listenToControls();
    session.on(["current", "change", "model"], () => this.show());
  }

  #session;
  #measure;
  #correct;
  #picture;
  #comparison;
  #contrast;
  /** @type {ViewName} */
  #view = "boundary";
  #revealed = 0;

  /** Draw what is looked at, with all of its controls. */
  show() {
    const item = this.#session.current;
    document.body.classList.toggle("empty", !item);
    this.#showNotice();
    this.#showControls();
    this.#contrast.show(item);
    this.#showViews();
    const rival = item?.view && !this.#correct.active ? this.#comparison.shown(item) : null;
    this.#comparison.tell(item, rival !== null);
    if (!item?.view) {
      this.#picture.show(null);
      return;
    }
    const edit = this.#correct.active ? editOf(item) : null;
    this.#reveal(item);
    this.#picture.show({
      pictures: item.view.pictures,
      channels: item.view.channels,
      display: this.#contrast.display,
      probability: item.view.probability,
      labels: (item.preview ?? item.found)?.labels ?? null,
      correction: edit ? edit.levels : null,
      rival,
      view: this.#drawn,
      threshold: this.#session.thresholdOf(item),
      opacity: Number(/** @type {HTMLInputElement} */ (byId("opacity")).value),
      cells: { chosen: this.#correct.active || item.preview ? 0 : item.chosen, excluded: this.#measure.excluded() },
    });
    this.#picture.canvas.classList.toggle("drawing", this.#correct.drawing());
  }

  /** @returns {ViewName} what is drawn: corrections are of the boundary */
  get #drawn() {
    return this.#correct.active ? "boundary" : this.#view;
  }

  #showViews() {
    const views = /** @type {HTMLFieldSetElement} */ (byId("views"));
    views.disabled = this.#correct.active;
    for (const input of views.querySelectorAll("input")) input.checked = input.value === this.#drawn;
  }

  #listenToControls() {
    byId("views").addEventListener("change", (event) => {
      this.#view = /** @type {ViewName} */ (/** @type {HTMLInputElement} */ (event.target).value);
      this.show();
    });
    byId("zoom-in").addEventListener("click", () => zoom(this.#picture, ZOOM_STEP));
    byId("zoom-out").addEventListener("click", () => zoom(this.#picture, 1 / ZOOM_STEP));
    byId("zoom-fit").addEventListener("click", () => {
      this.#picture.viewport.fit();
      this.#picture.redraw();
    });
    byId("opacity").addEventListener("input", () => this.show());
    byId("threshold").addEventListener("input", () => this.#setThreshold(Number(/** @type {HTMLInputElement} */ (byId("threshold")).value)));
    byId("threshold-reset").addEventListener("click", () => this.#setThreshold(null));
    byId("page").addEventListener("change", () => this.#ask({ page: Number(/** @type {HTMLInputElement} */ (byId("page")).value) - 1 }));
    byId("page").addEventListener("input", () => this.#showPage(Number(/** @type {HTMLInputElement} */ (byId("page")).value)));
    byId("tta").addEventListener("change", () => this.#ask({ tta: /** @type {HTMLInputElement} */ (byId("tta")).checked }));
    byId("again").addEventListener("click", () => this.#session.current && this.#session.retry(this.#session.current));
  }

  /** @param {Partial<import("./api.js").Options>} options */
  #ask(options) {
    if (this.#session.current) this.#session.ask(this.#session.current, options);
  }

  /** @param {number | null} threshold */
  #setThreshold(threshold) {
    if (!this.#session.current) return;
    this.#session.current.threshold = threshold;
    this.#session.emit("change");
  }

  /** @param {import("./session.js").Item} item */
  #reveal(item) {
    if (!item.chosen || item.chosen === this.#revealed) return;
    this.#revealed = item.chosen;
    const table = item.found?.table;
    const row = table?.rowOf.get(item.chosen);
    const [column, line] = ["centroid-1", "centroid-0"].map((name) => (row === undefined ? undefined : table?.values.get(name)?.[row]));
    if (column !== undefined && line !== undefined) this.#picture.viewport.reveal(column, line);
  }

  #showNotice() {
    const item = this.#session.current;
    const busy = Boolean(item && ["waiting", "working"].includes(item.status));
    byId("busy").hidden = !busy;
    byId("busy-text").textContent = item?.progress ? text(`progress.${item.progress}.long`, { count: item.ahead }) : text("state.waiting.long");
    byId("cells-busy").hidden = item?.status !== "shown";
    const error = item?.error ?? null;
    byId("failure").hidden = !error;
    byId("failure").classList.toggle("aside", Boolean(item?.view));
    byId("failure-preview").hidden = !item?.preview;
    byId("unlike").hidden = !item?.unlike.length;
    byId("unlike-text").textContent = item ? item.unlike.map((kind) => text(`unlike.${kind}`)).join(" ") : "";
    if (!error) return;
    byId("failure-text").textContent = hasText(`error.${error.code}`) ? text(`error.${error.code}`) : error.message;
    byId("failure-details").textContent = error.requestId ? text("error.details", { message: error.message, id: error.requestId }) : error.message;
  }

  #showControls() {
    const item = this.#session.current;
    const threshold = item ? this.#session.thresholdOf(item) : 0.5;
    const slider = /** @type {HTMLInputElement} */ (byId("threshold"));
    slider.value = String(threshold);
    slider.disabled = !item?.view;
    const [level] = item?.view?.probability ?? [];
    const share = level && item?.view && formatNumber((100 * item.view.atLeast[boundaryCode(threshold)]) / (level.width * level.height), { maximumFractionDigits: 1 });
    byId("threshold-value").textContent = formatNumber(threshold, { minimumFractionDigits: 2, maximumFractionDigits: 3 });
    byId("boundary-share").textContent = share ? text("threshold.share", { share }) : "";
    byId("threshold-reset").hidden = item?.threshold === null || !item;
    byId("pages").hidden = !item || item.pages === 1;
    /** @type {HTMLInputElement} */ (byId("tta")).checked = item ? this.#session.averages(item) : false;
    if (!item || item.pages === 1) return;
    const pages = /** @type {HTMLInputElement} */ (byId("page"));
    pages.max = String(item.pages);
    pages.value = String((item.options.page ?? 0) + 1);
    this.#showPage((item.options.page ?? 0) + 1);
  }

  /** @param {number} page from 1 */
  #showPage(page) {
    byId("page-value").textContent = text("page.of", { page, pages: this.#session.current?.pages ?? 1 });
  }

  /**
   * Return the label of the cell at a place, 0 for none.
   * @param {[number, number]} place
   */
  #labelAt([column, row]) {
    const item = this.#session.current;
    const level = item?.preview ? null : item?.found?.labels[0]; // a preview is not measured
    const [x, y] = [Math.floor(column), Math.floor(row)];
    return level && x >= 0 && y >= 0 && x < level.width && y < level.height ? level.data[y * level.width + x] : 0;
  }

  /** @param {[number, number]} place */
  #click(place) {
    if (this.#correct.active) return;
    const label = this.#labelAt(place);
    this.#revealed = label;
    this.#measure.choose(label);
  }

  /** @param {[number, number] | null} place */
  #hover(place) {
    const readout = byId("readout");
    const table = this.#session.current?.found?.table;
    const label = place && !this.#correct.active ? this.#labelAt(place) : 0;
    const row = table?.rowOf.get(label);
    readout.hidden = row === undefined;
    if (!table || row === undefined) return;
    const columns = shownColumns(table.columns).slice(1, 1 + IN_READOUT);
    const facts = columns.map((column) => `${nameOfColumn(column)} ${formatNumber(table.values.get(column)?.[row] ?? NaN, { maximumSignificantDigits: 3 })}`);
    readout.replaceChildren(element("strong", {}, text("measure.cell", { label })), ` ${facts.join(" · ")}`);
  }
}
