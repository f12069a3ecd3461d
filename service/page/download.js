// Files that the user takes home.

import { byId, element } from "./dom.js";
import { inBackground } from "./background/call.js";
import { predict, ServiceError } from "./api.js";
import { text } from "./language.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Item} Item */

/**
 * @typedef {object} Offer a file of the list
 * @property {string} member of the archive; "" for all of it
 * @property {string} ending of the name of the file
 * @property {string} type
 * @property {boolean} byThreshold whether it depends on the threshold
 */

/** @type {Record<string, Offer>} key of its texts -> file */
const OFFERS = {
  all: { member: "", ending: ".zip", type: "application/zip", byThreshold: true },
  csv: { member: "cells.csv", ending: "_cells.csv", type: "text/csv", byThreshold: false },
  mask: { member: "mask.png", ending: "_mask.png", type: "image/png", byThreshold: true },
  labels: { member: "labels.tif", ending: "_labels.tif", type: "image/tiff", byThreshold: false },
  overlay: { member: "overlay.png", ending: "_overlay.png", type: "image/png", byThreshold: true },
  contours: { member: "cells.geojson", ending: ".geojson", type: "application/geo+json", byThreshold: false },
  rois: { member: "rois.zip", ending: "_rois.zip", type: "application/zip", byThreshold: false },
  probability: { member: "probability.png", ending: "_probability.png", type: "image/png", byThreshold: false },
  method: { member: "method.txt", ending: "_method.txt", type: "text/plain", byThreshold: true },
};

/** The tab Take home. */
export class DownloadPanel {
  /**
   * @param {Session} session
   * @param {(message: string) => void} announce
   */
  constructor(session, announce) {
    this.#session = session;
    this.#announce = announce;
    byId("downloads").addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.dataset.offer) void this.#give(button.dataset.offer);
    });
    session.on(["current", "model"], () => this.show());
  }

  #session;
  #announce;

  /** Show the list of files. */
  show() {
    const ready = Boolean(this.#session.current?.cellArchive);
    byId("downloads").replaceChildren(
      ...Object.keys(OFFERS).map((offer) => {
        const title = element("strong", {}, text(`download.${offer}`));
        const about = element("span", {}, text(`download.${offer}.about`));
        return element("li", {}, element("button", { type: "button", disabled: !ready, className: offer === "all" ? "offer primary" : "offer", "data-offer": offer }, title, about));
      }),
    );
  }

  /** @param {string} name */
  async #give(name) {
    const item = this.#session.current;
    if (!item?.cellArchive) return;
    const offer = OFFERS[name];
    try {
      offerFile(await this.#bytes(item, offer), stemOf(item) + offer.ending, offer.type);
    } catch (error) {
      const code = error instanceof ServiceError ? error.code : "page_failed";
      this.#announce(text(`error.${code}`));
    }
  }

  /**
   * Return the file at the threshold that is set: from the archive at hand, or made anew for another threshold.
   * @param {Item} item
   * @param {Offer} offer
   * @returns {Promise<Uint8Array>}
   */
  async #bytes(item, { member, byThreshold }) {
    const threshold = this.#session.thresholdOf(item);
    let archive = /** @type {Uint8Array} */ (item.cellArchive);
    if (byThreshold && threshold !== this.#session.defaultThreshold(item)) {
      this.#announce(text("download.again"));
      const answer = await predict(item.file, "zip", { ...item.options, threshold }, () => undefined, new AbortController().signal);
      archive = new Uint8Array(await answer.arrayBuffer());
    }
    return member ? inBackground("extract", { archive, name: member }) : archive;
  }
}

/**
 * Have the browser save a file.
 * @param {Uint8Array} bytes
 * @param {string} name
 * @param {string} type
 */
export function offerFile(bytes, name, type) {
  const url = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {Item} item */
function stemOf(item) {
  const stem = item.name.replace(/(\.ome)?\.[^.]*$/i, "");
  return item.pages > 1 ? `${stem}-${String(item.options.page ?? 0).padStart(4, "0")}` : stem;
}
