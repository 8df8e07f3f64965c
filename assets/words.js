// What a person reads, in the language of the page's address: `t` and `tn` as in rnnviz/words.
// Messages are literals here, collected by `make words`; the server sends their translations.

const PSEUDO = "qps"; // as in rnnviz/words/catalogue.py
export const language =
  new URLSearchParams(globalThis.location?.search ?? "").get("lang")?.slice(0, 20) || "en";
let known = {};
if (language !== "en" && language !== PSEUDO) {
  try {
    const address = new URL(`../words/${encodeURIComponent(language)}`, import.meta.url);
    known = await (await fetch(address)).json();
  } catch {
    known = {}; // the page is in English then
  }
}

/**
 * @param {string} message English, with {places} for values
 * @param {Record<string, any>} [values]
 */
export function t(message, values = {}) {
  return filled(translated(message, message, 0), values);
}

/**
 * @param {string} one the message for one
 * @param {string} many the message for any other number, with {count}
 * @param {number} count
 * @param {Record<string, any>} [values]
 */
export function tn(one, many, count, values = {}) {
  const form = new Intl.PluralRules(language === PSEUDO ? "en" : language).select(count);
  return filled(translated(one, form === "one" ? one : many, form === "one" ? 0 : 1), {
    count,
    ...values,
  });
}

function translated(key, english, form) {
  if (language === PSEUDO) return marked(english);
  const found = known[key];
  return (Array.isArray(found) ? (found[form] ?? found.at(-1)) : found) || english;
}

/**
 * A message of the pseudo-language, the same as the server's.
 * @param {string} message
 */
export function marked(message) {
  if (!message) return message;
  const pieces = Math.ceil(message.length / 15);
  return `⟦${message} ${message.length > 4 ? Array(pieces).fill("~~~~").join(" ") : "~"}⟧`;
}

function filled(message, values) {
  return message.replaceAll(/\{(\w+)\}/g, (place, name) =>
    name in values ? String(values[name]) : place,
  );
}
