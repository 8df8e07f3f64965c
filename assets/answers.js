// What the network answers at a time step, and what would be right.
import { spelled } from "./cells.js";
import { element, placed } from "./dom.js";
import { percent } from "./numbers.js";
import { t } from "./words.js";

/**
 * Of a network that chooses: its likeliest answers, best first, at every time step; of one that
 * gives numbers `answers` and `should` alone.
 * @typedef {object} Next
 * @property {string[]} [answers] written out, at every time step
 * @property {string[]} [should] "" where nothing is asked
 * @property {string[]} [classes]
 * @property {boolean} [foretells] whether the answer is what goes in next
 * @property {number} [asked_from] the first time step at which an answer is asked
 * @property {number[][]} [best] place among the classes, (time, rank)
 * @property {number[][]} [share] probability, (time, rank)
 * @property {number} [width] how many ranks
 * @property {string[]} [right] "" where nothing is asked
 * @property {number[]} [right_share]
 */

/**
 * @param {string[]} symbols what goes in at each time step
 * @param {Next} next
 * @param {number} step
 * @returns {HTMLElement[]}
 */
export function answersAt(symbols, next, step) {
  const head = element("p", "rnnviz-next-head");
  if (next.answers) {
    const answer = element("b", "", next.answers[step]);
    const at = { step: element("b", "", String(step)), answer };
    head.append(...placed(t("At step {step} the network answers {answer}"), at));
    const should = next.should[step];
    const right = should ? t("It should be {answer}.", { answer: should }) : "";
    return [head, element("p", "", right || t("Nothing is asked here."))];
  }
  if (step < next.asked_from) {
    head.append(t("While the source is read, nothing is asked."));
    return [head];
  }
  const most = symbols.some((symbol) => symbol.length > 2) ? 4 : 8;
  const before = spelled(symbols.slice(Math.max(0, step + 1 - most), step + 1));
  const said = next.foretells ? t("After {symbols} it expects") : t("After {symbols} it answers");
  head.append(...placed(said, { symbols: element("bdi", "rnnviz-quote", before) }));
  const right = next.right[step];
  const names = next.best[step].slice(0, next.width).map((place) => next.classes[place]);
  const rows = names.map((name, rank) => chance(name, next.share[step][rank], name === right));
  if (right && !names.includes(right)) {
    rows.push(element("p", "rnnviz-next-gap", "…"), chance(right, next.right_share[step], true));
  }
  return [head, ...rows];
}

function chance(name, share, right) {
  const row = element("div", right ? "rnnviz-next-row rnnviz-right" : "rnnviz-next-row");
  const track = element("span", "rnnviz-track");
  const filled = element("span", "rnnviz-filled");
  filled.style.width = `${100 * share}%`;
  track.append(filled);
  const words = element("span", "rnnviz-percent", percent(share) + (right ? " ✓" : ""));
  row.append(element("bdi", "", name), track, words);
  return row;
}
