// The numbers by which the service makes cells of probabilities: moved here, asked for once they are left alone.

import { byId, debounce, element } from "../dom.js";
import { formatNumber, text } from "../language.js";

/** @typedef {import("../session.js").Session} Session */

/** Of the decoder's numbers those that are worth a slider: least, largest, step. */
const SLIDERS = { merge_below: [0, 1, 0.02], seed_score: [-0.9, 0.98, 0.02], min_size_px: [1, 500, 1] };
const QUIET_MS = 400;

/** Lets the user change the decoder for the image that is looked at. */
export class DecoderMenu {
  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    const ask = debounce(QUIET_MS, () => this.#ask());
    byId("decoder-sliders").addEventListener("input", (event) => {
      const { dataset, value } = /** @type {HTMLInputElement} */ (event.target);
      this.#moved = { ...this.#moved, [dataset.number ?? ""]: Number(value) };
      this.#tell();
      ask();
    });
    byId("decoder-reset").addEventListener("click", () => {
      this.#moved = {};
      this.#ask();
    });
    session.on(["current", "model"], () => this.show());
  }

  #session;
  /** @type {Record<string, number>} */
  #moved = {};

  /** Show the numbers of the image that is looked at. */
  show() {
    const own = this.#own();
    const names = Object.keys(SLIDERS).filter((name) => typeof own[name] === "number");
    byId("decoder").hidden = names.length === 0;
    this.#moved = numbersOf(this.#session.current?.options.decoder ?? "");
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.number : undefined;
    byId("decoder-sliders").replaceChildren(...names.map((name) => this.#slider(name)));
    if (focused) /** @type {HTMLElement | null} */ (byId("decoder-sliders").querySelector(`[data-number="${focused}"]`))?.focus();
    this.#tell();
  }

  /** @param {string} name */
  #slider(name) {
    const [min, max, step] = SLIDERS[/** @type {keyof typeof SLIDERS} */ (name)].map(String);
    const slider = element("input", { type: "range", id: `decoder-${name}`, "data-number": name, min, max, step, value: String(this.#value(name)) });
    const label = element("label", { htmlFor: slider.id, title: text(`decoder.${name}.about`) }, text(`decoder.${name}`));
    return element("div", { className: "slider" }, label, slider, element("output", { htmlFor: slider.id }));
  }

  /** @returns {Record<string, unknown>} the numbers that validation chose */
  #own() {
    return this.#session.model?.decoder?.init_args ?? {};
  }

  /** @param {string} name */
  #value(name) {
    return this.#moved[name] ?? Number(this.#own()[name]);
  }

  #tell() {
    for (const slider of byId("decoder-sliders").querySelectorAll("input")) {
      const output = slider.parentElement?.querySelector("output");
      if (output) output.textContent = formatNumber(this.#value(slider.dataset.number ?? ""));
    }
    byId("decoder").classList.toggle("changed", Object.keys(this.#moved).length > 0);
  }

  #ask() {
    const item = this.#session.current;
    const own = this.#own();
    const changed = Object.entries(this.#moved).filter(([name, value]) => value !== own[name]);
    const decoder = changed.map(([name, value]) => `${name}:${value}`).join(",") || null;
    if (!item?.view || decoder === item.options.decoder) return;
    item.options.decoder = decoder;
    Object.assign(item, { status: "shown", error: null, found: null, cellArchive: null, chosen: 0 });
    this.#session.emit("list");
    this.#session.emit("current");
  }
}

/**
 * @param {string} decoder as it is asked for
 * @returns {Record<string, number>}
 */
function numbersOf(decoder) {
  const pairs = decoder.split(",").map((pair) => pair.split(":"));
  return Object.fromEntries(pairs.filter(([name]) => name).map(([name, value]) => [name, Number(value)]));
}
