// What is known of the model: its training, how good it is, what it expects.

import { byId, element } from "./dom.js";
import { formatNumber, hasText, text } from "./language.js";

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
  showScores(model);
}

/** @param {Record<string, any>} model */
function showScores({ scores, rank_by: rankBy }) {
  const split = "test" in scores ? "test" : Object.keys(scores)[0];
  const known = Object.entries(scores[split] ?? {}).filter(([name]) => hasText(`score.${name}`));
  known.sort(([one], [other]) => Number(other === rankBy) - Number(one === rankBy));
  byId("card-scores").hidden = known.length === 0;
  byId("card-split").textContent = text(split === "test" ? "card.scores.test" : "card.scores.validation");
  byId("card-score-list").replaceChildren(
    ...known.map(([name, value]) => {
      const bar = element("span", { className: "bar" }, element("i"));
      /** @type {HTMLElement} */ (bar.firstChild).style.width = `${Math.min(1, Math.max(0, Number(value))) * 100}%`;
      const about = element("span", { className: "score-name" }, text(`score.${name}`), element("small", {}, text(`score.${name}.about`)));
      return element("li", {}, about, bar, element("b", {}, formatNumber(Number(value), { maximumFractionDigits: 3 })));
    }),
  );
}

/** @param {string} path of a class */
function lossName(path) {
  const name = path.split(".").pop() ?? path;
  return name.replace(/Loss$/, "").replace(/([a-z])([A-Z])/g, "$1 $2") || path;
}
