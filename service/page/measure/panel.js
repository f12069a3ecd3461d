// The tab Measure: counts in words, histogram, table.

import { byId, debounce, element } from "../dom.js";
import { formatNumber, text } from "../language.js";
import { nameOfColumn, shownColumns } from "./columns.js";
import { Grid } from "./grid.js";
import { drawHistogram } from "./histogram.js";
import { borderLabels, includedRows, median } from "./table.js";

/** @typedef {import("../session.js").Session} Session */
/** @typedef {import("../session.js").Item} Item */

/** Shows the measurements of the image that is looked at. */
export class MeasurePanel {
  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    this.#grid = new Grid(byId("grid"), (label) => this.choose(label));
    this.#border.addEventListener("change", () => this.#settingsChanged());
    this.#measure.addEventListener("change", () => this.#drawHistogram());
    this.#pixel.addEventListener("input", debounce(600, () => this.#setPixelSize()));
    session.on(["current"], () => this.show());
    session.addEventListener("change", () => this.#showPreview());
  }

  #session;
  #grid;
  #border = /** @type {HTMLInputElement} */ (byId("with-border"));
  #measure = /** @type {HTMLSelectElement} */ (byId("measure"));
  #pixel = /** @type {HTMLInputElement} */ (byId("pixel-size"));
  #measurements = byId("measurements");
  /** @type {Item | null} whose measurements the table has */
  #inTable = null;
  /** @type {{found: import("../session.js").Found | null, labels: Uint8Array | null}} */
  #atBorder = { found: null, labels: null };

  /** Return label -> 1 for cells that are left out, or null where none is. */
  excluded() {
    const { found, preview } = this.#session.current ?? { found: null, preview: null };
    if (this.#border.checked) return null;
    if (preview) return preview.atBorder;
    if (!found) return null;
    if (this.#atBorder.found !== found) this.#atBorder = { found, labels: borderLabels(found.table) };
    return this.#atBorder.labels;
  }

  /**
   * Choose a cell in table, histogram and picture.
   * @param {number} label
   */
  choose(label) {
    const item = this.#session.current;
    if (!item || item.chosen === label) return;
    item.chosen = label;
    this.#mark(item);
    this.#session.emit("change");
  }

  /** Show the image that is looked at. */
  show() {
    const item = this.#session.current;
    const found = item?.found;
    byId("measured").hidden = !found && !item?.preview;
    byId("not-measured").hidden = !byId("measured").hidden;
    if (document.activeElement !== this.#pixel) this.#showPixelSize(item);
    this.#showPreview();
    if (!item || !found || item.preview) return;
    this.#inTable = item;
    const columns = shownColumns(found.table.columns);
    this.#offerMeasures(columns.filter((column) => column !== "label"));
    this.#grid.show(found.table, columns, this.#border.checked);
    this.#mark(item);
    this.#count(found);
  }

  /** Show how many cells a preview has; the measurements of those before it are dimmed, those of another image hidden. */
  #showPreview() {
    const item = this.#session.current;
    this.#measurements.inert = Boolean(item?.preview);
    this.#measurements.hidden = Boolean(item?.preview) && item !== this.#inTable;
    if (!item?.preview) return;
    byId("measured").hidden = false;
    byId("not-measured").hidden = true;
    const { cells, atBorder } = item.preview;
    const touching = atBorder.reduce((sum, each) => sum + each, 0);
    const count = text("measure.cells", { count: this.#border.checked ? cells : cells - touching });
    byId("count").replaceChildren(element("strong", {}, count), ` ${text("measure.preview")}`);
  }

  /** @param {Item} item */
  #mark(item) {
    this.#grid.mark(item.chosen);
    this.#drawHistogram();
  }

  #settingsChanged() {
    this.show();
    this.#session.emit("change");
  }

  /** @param {Item | null | undefined} item */
  #showPixelSize(item) {
    this.#pixel.value = item?.options.pixelSize ? String(item.options.pixelSize) : "";
    const known = item?.found?.pixelSize;
    this.#pixel.placeholder = known ? formatNumber(known[1]) : text("measure.unknown");
  }

  #setPixelSize() {
    const item = this.#session.current;
    const typed = this.#pixel.value.trim().replace(",", ".");
    const size = typed === "" ? null : Number(typed);
    const wrong = size !== null && !(size >= 1e-4 && size <= 1e4);
    this.#pixel.setAttribute("aria-invalid", String(wrong));
    if (!item || wrong || size === item.options.pixelSize || !item.view) return;
    Object.assign(item.options, { pixelSize: size });
    Object.assign(item, { status: "shown", error: null, found: null, cellArchive: null });
    this.#session.emit("list");
    this.#session.emit("current");
  }

  /** @param {string[]} columns */
  #offerMeasures(columns) {
    const before = this.#measure.value;
    this.#measure.replaceChildren(...columns.map((column) => element("option", { value: column }, nameOfColumn(column))));
    this.#measure.value = columns.includes(before) ? before : columns[0];
  }

  #drawHistogram() {
    const item = this.#session.current;
    const table = item?.found?.table;
    const values = table?.values.get(this.#measure.value);
    if (!item || !table || !values) return;
    const rows = includedRows(table, this.#border.checked);
    const chosen = table.rowOf.get(item.chosen);
    drawHistogram(byId("histogram"), rows.map((row) => values[row]), nameOfColumn(this.#measure.value), chosen === undefined ? NaN : values[chosen]);
  }

  /** @param {import("../session.js").Found} found */
  #count({ table }) {
    const rows = includedRows(table, this.#border.checked);
    const column = table.columns.includes("area_um2") ? "area_um2" : "area";
    const areas = table.values.get(column);
    const typical = median(rows.map((row) => areas?.[row] ?? NaN));
    const touching = table.rows - includedRows(table, false).length;
    const count = text("measure.cells", { count: rows.length });
    const area = rows.length ? ` ${text("measure.median", { area: formatNumber(typical, { maximumSignificantDigits: 3 }), unit: column === "area" ? "px" : "µm²" })}` : "";
    const border = touching ? ` ${text(this.#border.checked ? "measure.touching" : "measure.left_out", { count: touching })}` : "";
    byId("count").replaceChildren(element("strong", {}, count), area + border);
  }
}
