// The texts of the page: one JSON file a language. `{name}` is replaced; `key.one`, `key.other` are plural forms.

const SHIPPED = ["en", "de", "ru"];
const STORED = "septum-language";

/** @type {Record<string, string>} */
let texts = {};
/** @type {Record<string, string>} */
let english = {};
let current = "en";

/** Return the code of the language that is shown. */
export function language() {
  return current;
}

/**
 * Load the language that was chosen before, or else the browser's, or else English.
 * @returns {Promise<void>}
 */
export async function loadLanguage() {
  english = await fetchTexts("en");
  const wanted = [localStorage.getItem(STORED), ...navigator.languages].map((code) => (code ?? "").slice(0, 2));
  await chooseLanguage(wanted.find((code) => SHIPPED.includes(code)) ?? "en", false);
}

/**
 * Show the page in a language.
 * @param {string} code
 * @param {boolean} remember for the next visit
 */
export async function chooseLanguage(code, remember = true) {
  texts = code === "en" ? english : await fetchTexts(code);
  current = code;
  if (remember) localStorage.setItem(STORED, code);
  document.documentElement.lang = code;
  translate(document);
}

/**
 * Return a text in the language that is shown.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function text(key, values = {}) {
  const plural = "count" in values ? `${key}.${new Intl.PluralRules(current).select(Number(values.count))}` : key;
  const found = [plural, `${key}.other`, key].map((name) => texts[name] ?? english[name]).find((each) => each !== undefined);
  return (found ?? key).replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? formatNumber(value) : value;
  });
}

/** @param {string} key */
export function hasText(key) {
  return key in english;
}

/**
 * Write a number as the language does.
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export function formatNumber(value, options = { maximumSignificantDigits: 4 }) {
  return Number.isInteger(value) && Math.abs(value) < 1e15
    ? value.toLocaleString(current)
    : value.toLocaleString(current, options);
}

/**
 * Fill in the texts of a part of the page: data-text is the content, data-label the accessible name, data-hint the title.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const found of root.querySelectorAll("[data-text]")) found.textContent = text(found.getAttribute("data-text") ?? "");
  for (const found of root.querySelectorAll("[data-label]")) found.setAttribute("aria-label", text(found.getAttribute("data-label") ?? ""));
  for (const found of root.querySelectorAll("[data-hint]")) found.setAttribute("title", text(found.getAttribute("data-hint") ?? ""));
}

/**
 * @param {string} code
 * @returns {Promise<Record<string, string>>}
 */
async function fetchTexts(code) {
  const answer = await fetch(new URL(`languages/${code}.json`, import.meta.url));
  return answer.json();
}
