// The numbers by which cells are made of probabilities: moved here, asked for from the service once they are left alone.

import { byId, debounce, element } from "../dom.js";
import { formatNumber, language, text } from "../language.js";
import { CellPreview, isAnswered } from "./preview.js";

/** @typedef {import("../session.js").Session} Session */
/** @typedef {import("../session.js").Item} Item */

/** Of the decoder's numbers those that are worth a slider: least, largest, step. */
const SLIDERS = { merge_below: [0, 1, 0.02], seed_score: [-0.9, 0.98, 0.02], min_size_px: [1, 500, 1] };
const QUIET_MS = 400;

/** Lets the user change the decoder for the image that is looked at. */
export class DecoderMenu {
  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    this.#preview = new CellPreview(session);
    const ask = debounce(QUIET_MS, () => this.#ask());
    byId("decoder-sliders").addEventListener("input", (event) => {
      const { dataset, value } = /** @type {HTMLInputElement} */ (event.target);
      this.#want({ ...this.#moved(), [dataset.number ?? ""]: Number(value) });
      ask();
    });
    byId("decoder").addEventListener("toggle", () => this.#prepare());
    byId("decoder-reset").addEventListener("click", () => {
      this.#want({});
      this.#ask();
    });
    session.on(["current", "model"], () => this.show());
  }

  #session;
  #preview;
  #built = "";

  /** Show the numbers of the image that is looked at. */
  show() {
    const own = this.#own();
    const names = Object.keys(SLIDERS).filter((name) => typeof own[name] === "number");
    byId("decoder").hidden = names.length === 0;
    byId("decoder-about").textContent = text(this.#preview.canFind(this.#session.current) ? "decoder.about" : "decoder.about.service");
    const built = [language(), ...names].join();
    if (built !== this.#built) byId("decoder-sliders").replaceChildren(...names.map((name) => this.#slider(name)));
    this.#built = built;
    this.#tell();
  }

  /** @param {string} name */
  #slider(name) {
    const [min, max, step] = SLIDERS[/** @type {keyof typeof SLIDERS} */ (name)].map(String);
    const slider = element("input", { type: "range", id: `decoder-${name}`, "data-number": name, min, max, step });
    const label = element("label", { htmlFor: slider.id, title: text(`decoder.${name}.about`) }, text(`decoder.${name}`));
    return element("div", { className: "slider" }, label, slider, element("output", { htmlFor: slider.id }));
  }

  /** Have what the first move needs made while the menu opens. */
  #prepare() {
    const item = this.#session.current;
    if (!item?.view || !(/** @type {HTMLDetailsElement} */ (byId("decoder")).open)) return;
    this.#preview.find(item, { ...this.#own(), ...this.#moved() }, false);
  }

  /** @returns {Record<string, unknown>} the numbers that validation chose */
  #own() {
    return this.#session.model?.decoder?.init_args ?? {};
  }

  /** @returns {Record<string, number>} the numbers that are not the model's */
  #moved() {
    const pairs = (this.#session.current?.wanted ?? "").split(",").map((pair) => pair.split(":"));
    return Object.fromEntries(pairs.filter(([name]) => name).map(([name, value]) => [name, Number(value)]));
  }

  #tell() {
    const [own, moved] = [this.#own(), this.#moved()];
    for (const slider of byId("decoder-sliders").querySelectorAll("input")) {
      const name = slider.dataset.number ?? "";
      const value = moved[name] ?? Number(own[name]);
      slider.value = String(value);
      const output = slider.parentElement?.querySelector("output");
      if (output) output.textContent = formatNumber(value);
    }
    byId("decoder").classList.toggle("changed", Object.keys(moved).length > 0);
  }

  /**
   * Have the cells by other numbers shown, and remember which.
   * @param {Record<string, number>} numbers
   */
  #want(numbers) {
    const item = this.#session.current;
    const own = this.#own();
    if (item?.view) {
      const changed = Object.keys(SLIDERS).filter((name) => name in numbers && numbers[name] !== own[name]);
      item.wanted = changed.map((name) => `${name}:${numbers[name]}`).join(",") || null;
      this.#preview.find(item, { ...own, ...numbers }, true);
    }
    this.#tell();
  }

  /** Ask the service for what is wanted. */
  #ask() {
    for (const item of this.#session.items.filter((each) => each.view && each.wanted !== each.options.decoder)) {
      item.options.decoder = item.wanted;
      Object.assign(item, { status: "shown", error: null, found: null, cellArchive: null, chosen: 0 });
    }
    const item = this.#session.current;
    if (item && isAnswered(item)) item.preview = null; // back where the answer is known
    this.#session.emit("list");
    this.#session.emit("current");
  }
}
