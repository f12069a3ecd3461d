// What is known of the model: its training, how good it is, what it expects.

import { byId, element } from "./dom.js";
import { formatNumber, hasText, text } from "./language.js";
import { median } from "./measure/table.js";

/** The service keeps so many numbers of each channel of an image; the first are quantiles of its intensities. */
const NUMBERS_OF_CHANNEL = 20;
const QUANTILES = 5;

/** Scores that are shown after the one that the model was chosen by: of cells, then of the boundary. */
const SCORES = ["instance_f1", "cells_v_rand", "boundary_f1", "iou", "v_rand"];

/**
 * Fill in the model card.
 * @param {Record<string, any>} model as `GET /model` tells
 */
export function showCard(model) {
  byId("model-name").textContent = lossName(model.loss);
  const origin = model.provenance;
  const rows = {
    "card.loss": lossName(model.loss) === model.loss ? model.loss : `${lossName(model.loss)} (${model.loss})`,
    "card.network": `${model.network.architecture}, ${model.network.encoder}`,
    "card.trained": text("card.trained.text", { date: new Date(origin.started).toLocaleDateString(document.documentElement.lang), steps: origin.steps, seed: origin.seed }),
    "card.threshold": formatNumber(model.threshold),
    "card.input": text(model.input.channels === 1 ? "card.input.gray" : "card.input.color", { megapixels: model.input.max_pixels / 1e6, megabytes: Math.floor(model.input.max_bytes / 2 ** 20) }),
    "card.license": model.license.model === "not stated" ? text("card.license.none") : model.license.model,
    "card.data": origin.data_fingerprint.slice(0, 16),
    "card.tag": model.tag,
  };
  byId("card-facts").replaceChildren(
    ...Object.entries(rows).flatMap(([key, value]) => [element("dt", {}, text(key)), element("dd", {}, String(value))]),
  );
  showLook(model);
  showScores(model);
}

/**
 * Show how bright the images of the training typically are: what is known of them, without a copy of any.
 * @param {Record<string, any>} model
 */
function showLook({ reference }) {
  const channels = reference ? brightnessOf(reference.images) : [];
  byId("card-look").hidden = channels.length === 0;
  byId("card-looks").replaceChildren(
    ...channels.map((quantiles) => {
      const [darkest, dark, middle, bright, brightest] = quantiles.map((value) => Math.round(100 * value));
      const whole = placed("i", "whole", darkest, brightest);
      return element("div", { className: "look", role: "img", "aria-label": text("card.look.about", { darkest, dark, middle, bright, brightest }) }, whole, placed("i", "half", dark, bright), placed("i", "middle", middle, middle));
    }),
  );
}

/**
 * Return the typical quantiles of the intensities of each channel: of each one the median over the images.
 * @param {(number | null)[][]} images as the model keeps their appearance
 */
function brightnessOf(images) {
  const channels = Math.floor((images[0]?.length ?? 0) / NUMBERS_OF_CHANNEL);
  const typical = (/** @type {number} */ place) => median(images.map((each) => each[place] ?? NaN));
  const numbers = Array.from({ length: QUANTILES }, (_, number) => number);
  return Array.from({ length: channels }, (_, channel) => numbers.map((number) => typical(channel * NUMBERS_OF_CHANNEL + number)));
}

/**
 * @param {"i"} tag
 * @param {string} className
 * @param {number} from in percent
 * @param {number} to in percent
 */
function placed(tag, className, from, to) {
  const made = element(tag, { className });
  made.style.left = `${from}%`;
  made.style.width = `${to - from}%`;
  return made;
}

/** @param {Record<string, any>} model */
function showScores({ scores, intervals, rank_by: rankBy }) {
  const split = "test" in scores ? "test" : Object.keys(scores)[0];
  const names = new Set([rankBy, ...SCORES].filter((name) => name in (scores[split] ?? {})));
  const known = [...names].map((name) => [name, scores[split][name]]);
  byId("card-scores").hidden = known.length === 0;
  byId("card-split").textContent = text(split === "test" ? "card.scores.test" : "card.scores.validation");
  byId("card-score-list").replaceChildren(
    ...known.map(([name, value]) => {
      const bar = element("span", { className: "bar" }, element("i"));
      /** @type {HTMLElement} */ (bar.firstChild).style.width = `${Math.min(1, Math.max(0, Number(value))) * 100}%`;
      const about = element("span", { className: "score-name" }, ...wordsOf(name, name === rankBy));
      const interval = split === "test" ? intervals?.[name] : undefined;
      const ends = interval ? element("small", {}, interval.map((/** @type {number} */ end) => format(Math.min(1, Math.max(0, end)))).join("–")) : "";
      return element("li", {}, about, bar, element("b", {}, format(Number(value)), ends));
    }),
  );
}

/**
 * Return the name of a score and what it is of; of one without texts its key.
 * @param {string} name
 * @param {boolean} chosen whether the model was chosen by it
 */
function wordsOf(name, chosen) {
  if (!hasText(`score.${name}`)) return [name];
  const about = text(`score.${name}.about`);
  return [text(`score.${name}`), element("small", {}, chosen ? text("score.chosen", { about }) : about)];
}

/** @param {number} score */
function format(score) {
  return formatNumber(score, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

/** @param {string} path of a class */
function lossName(path) {
  const name = path.split(".").pop() ?? path;
  return name.replace(/Loss$/, "").replace(/([a-z])([A-Z])/g, "$1 $2") || path;
}
