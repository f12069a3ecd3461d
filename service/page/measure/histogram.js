// How a measurement is distributed over the cells.

import { formatNumber, text } from "../language.js";
import { countInBins } from "./table.js";

const BINS = 24;
const WIDTH = 300;
const HEIGHT = 84;
const SVG = "http://www.w3.org/2000/svg";

/**
 * Draw a histogram and mark the bin of one value.
 * @param {HTMLElement} frame
 * @param {number[]} values
 * @param {string} name of the measurement
 * @param {number} chosen value of the chosen cell; NaN for none
 */
export function drawHistogram(frame, values, name, chosen) {
  const { counts, low, high } = countInBins(values, BINS);
  const most = Math.max(1, ...counts);
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none" });
  svg.setAttribute("aria-label", text("measure.histogram", { name, low, high }));
  const step = WIDTH / BINS;
  const marked = chosen >= low && chosen <= high ? Math.min(BINS - 1, Math.floor(((chosen - low) / (high - low || 1)) * BINS)) : -1;
  for (const [bin, count] of counts.entries()) {
    const height = (count / most) * (HEIGHT - 4);
    const bar = make("rect", { x: bin * step + 0.75, y: HEIGHT - height, width: step - 1.5, height, class: bin === marked ? "marked" : "" });
    svg.append(bar);
  }
  const ends = document.createElement("div");
  ends.className = "ends";
  for (const end of values.length ? [low, high] : []) {
    const label = document.createElement("span");
    label.textContent = formatNumber(end, { maximumSignificantDigits: 3 });
    ends.append(label);
  }
  frame.replaceChildren(svg, ends);
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function make(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
