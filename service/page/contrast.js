// The controls of contrast and channels; they stay as they are from image to image of as many channels.

import { byId, element } from "./dom.js";
import { text } from "./language.js";
import { channelColors, isPlain, plainDisplay } from "./viewer/display.js";

/** @typedef {import("./session.js").Item} Item */

/** Lets the user choose how intensities are shown. */
export class Contrast {
  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    for (const end of /** @type {const} */ (["dark", "bright"])) {
      byId(end).addEventListener("input", () => this.#set({ [end]: Number(/** @type {HTMLInputElement} */ (byId(end)).value) }));
    }
    byId("contrast-reset").addEventListener("click", () => this.#set(plainDisplay(this.display.on.length)));
    byId("channels").addEventListener("change", (event) => {
      const { dataset, checked } = /** @type {HTMLInputElement} */ (event.target);
      this.#set({ on: this.display.on.map((shown, channel) => (channel === Number(dataset.channel) ? checked : shown)) });
    });
  }

  #changed;
  /** @type {import("./viewer/display.js").Display} */
  display = plainDisplay(0);

  /**
   * Offer the channels of an image.
   * @param {Item | null} item
   */
  show(item) {
    const view = item?.view;
    const count = view ? view.channels.length || (view.color ? 3 : 0) : this.display.on.length;
    if (count !== this.display.on.length) this.display = plainDisplay(count);
    for (const end of /** @type {const} */ (["dark", "bright"])) /** @type {HTMLInputElement} */ (byId(end)).value = String(this.display[end]);
    byId("contrast").classList.toggle("changed", !isPlain(this.display));
    byId("channels").hidden = count === 0;
    const names = view?.channels.length ? [] : ["red", "green", "blue"];
    const colors = channelColors(count);
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.channel : undefined;
    byId("channel-list").replaceChildren(...this.display.on.map((checked, channel) => {
      const box = element("input", { type: "checkbox", checked, "data-channel": channel });
      const swatch = element("i", { className: `swatch c${colors[channel].join("")}`, "aria-hidden": "true" });
      return element("label", { className: "check" }, box, swatch, names.length ? text(`channel.${names[channel]}`) : text("channel.number", { number: channel + 1 }));
    }));
    if (focused !== undefined) /** @type {HTMLElement | null} */ (byId("channel-list").querySelector(`[data-channel="${focused}"]`))?.focus();
  }

  /** @param {Partial<import("./viewer/display.js").Display>} change */
  #set(change) {
    this.display = { ...this.display, ...change };
    this.#changed();
  }
}
