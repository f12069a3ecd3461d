// The table on the screen: only the rows that are seen exist, so that thousands of cells scroll as easily as ten.

import { element } from "../dom.js";
import { formatNumber, text } from "../language.js";
import { sortedRows } from "./table.js";
import { nameOfColumn, titleOfColumn } from "./columns.js";

/** @typedef {import("./table.js").Table} Table */

const ROW_PX = 32;
const SPARE_ROWS = 8;

/** A sortable table of cells, one of which may be chosen. */
export class Grid {
  /**
   * @param {HTMLElement} frame scrolls
   * @param {(label: number) => void} choose called when a cell is chosen
   */
  constructor(frame, choose) {
    this.#frame = frame;
    this.#choose = choose;
    this.#head = element("thead");
    this.#body = element("tbody");
    this.#table = element("table", { className: "grid", tabIndex: 0 }, this.#head, this.#body);
    frame.replaceChildren(this.#table);
    frame.addEventListener("scroll", () => this.#fill(), { passive: true });
    new ResizeObserver(() => this.#fill()).observe(frame);
    this.#table.addEventListener("keydown", (event) => this.#key(event));
  }

  #frame;
  #choose;
  #head;
  #body;
  #table;
  /** @type {Table | null} */
  #data = null;
  /** @type {string[]} */
  #columns = [];
  /** @type {number[]} */
  #rows = [];
  #chosen = 0;
  #withBorder = true;
  sortedBy = "label";
  descending = false;

  /**
   * @param {Table} data
   * @param {string[]} columns that are shown
   * @param {boolean} withBorder whether cells at the border are included
   */
  show(data, columns, withBorder) {
    this.#data = data;
    this.#columns = columns;
    this.#withBorder = withBorder;
    if (!columns.includes(this.sortedBy)) this.sortedBy = "label";
    this.#table.setAttribute("aria-label", text("measure.table"));
    this.#sort();
  }

  /**
   * Mark a cell and scroll to it.
   * @param {number} label
   */
  mark(label) {
    if (label === this.#chosen) return;
    this.#chosen = label;
    const place = this.#rows.indexOf(this.#data?.rowOf.get(label) ?? -1);
    const top = place * ROW_PX;
    const { scrollTop, clientHeight } = this.#frame;
    if (place >= 0 && (top < scrollTop || top + 2 * ROW_PX > scrollTop + clientHeight)) this.#frame.scrollTop = top - clientHeight / 2 + ROW_PX;
    this.#fill();
  }

  #sort() {
    if (!this.#data) return;
    this.#rows = sortedRows(this.#data, this.sortedBy, this.descending, this.#withBorder);
    this.#table.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    this.#head.replaceChildren(element("tr", {}, ...this.#columns.map((column) => this.#header(column))));
    this.#fill();
  }

  /** @param {string} column */
  #header(column) {
    const sorted = column === this.sortedBy ? (this.descending ? "descending" : "ascending") : "none";
    const arrow = { ascending: " ▲", descending: " ▼", none: "" }[sorted];
    const button = element("button", { type: "button", title: titleOfColumn(column) }, nameOfColumn(column) + arrow);
    button.addEventListener("click", () => {
      this.descending = column === this.sortedBy ? !this.descending : column !== "label";
      this.sortedBy = column;
      this.#sort();
      this.#head.querySelectorAll("button")[this.#columns.indexOf(column)].focus();
    });
    return element("th", { scope: "col", "aria-sort": sorted }, button);
  }

  #fill() {
    if (!this.#data) return;
    const first = Math.max(0, Math.floor(this.#frame.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(this.#rows.length, first + Math.ceil(this.#frame.clientHeight / ROW_PX) + 2 * SPARE_ROWS);
    const rows = this.#rows.slice(first, last).map((row, place) => this.#row(row, first + place + 2));
    this.#body.replaceChildren(spacer(first, this.#columns.length), ...rows, spacer(this.#rows.length - last, this.#columns.length));
  }

  /**
   * @param {number} row
   * @param {number} number for screen readers, from 1 for the head
   */
  #row(row, number) {
    const value = (/** @type {string} */ column) => this.#data?.values.get(column)?.[row] ?? NaN;
    const label = value("label");
    const fields = this.#columns.map((column) => element("td", {}, Number.isNaN(value(column)) ? "–" : formatNumber(value(column))));
    const made = element("tr", { "aria-rowindex": number, "data-cell": label, className: label === this.#chosen ? "chosen" : "" }, ...fields);
    made.addEventListener("click", () => this.#choose(label));
    return made;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (steps === undefined || !this.#data || event.target !== this.#table) return;
    event.preventDefault();
    const place = this.#rows.indexOf(this.#data.rowOf.get(this.#chosen) ?? -1);
    const target = this.#rows[Math.min(this.#rows.length - 1, Math.max(0, place + steps))];
    if (target !== undefined) this.#choose(this.#data.values.get("label")?.[target] ?? 0);
  }
}

/**
 * @param {number} rows that are not there
 * @param {number} columns
 */
function spacer(rows, columns) {
  const field = element("td", { colSpan: columns });
  field.style.height = `${rows * ROW_PX}px`;
  return element("tr", { className: "spacer", "aria-hidden": "true" }, field);
}
