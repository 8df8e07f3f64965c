// Where else the same units are on: a line a match, all aligned on where the match begins.
import { cellsOf } from "./cells.js";
import { Scale } from "./colour.js";
import { element, fill, named } from "./dom.js";
import { TextView } from "./text_view.js";
import { t, tn } from "./words.js";

const CELL = 11; // px
const LABEL = 108;
const LETTER = 8; // px of one in them
const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} Stretch
 * @property {string[]} [symbols] what goes in, or, of numbers,
 * @property {number[][]} [lines] the first inputs
 * @property {number[]} share of the units that are on, at each time step
 * @property {number} before how many time steps stand before the stretch
 * @property {number} length
 */

/**
 * @typedef {object} Found
 * @property {Stretch} chosen
 * @property {(Stretch & {shared: number, extra: number, where: string})[]} rows
 * @property {number[]} units
 * @property {number[]} sides -1 of a unit that is on below zero
 * @property {"text" | "numbers"} kind
 * @property {[number, string][]} scale
 * @property {string} ink
 * @property {string} paper
 * @property {string} muted
 * @property {string} searched
 */

export class Matches extends TextView {
  constructor(home) {
    super(home);
    home.setAttribute("aria-label", t("Matches"));
    named(home, { ".rnnviz-match-list": t("Matches, a line each") });
    this.list = home.querySelector(".rnnviz-match-list");
    this.title = home.querySelector(".rnnviz-text-title");
    this.saying = home.querySelector(".rnnviz-match-on");
    this.foot = home.querySelector(".rnnviz-match-foot");
    this.resizer = new ResizeObserver(() => {
      if (this.message && Math.abs(this.width - this.list.clientWidth) > 2) this.draw();
    });
    this.resizer.observe(this.list);
  }

  refused() {
    this.list.replaceChildren();
    for (const part of [this.title, this.saying, this.foot]) part.textContent = "";
    this.message = null;
    super.refused();
  }

  draw() {
    /** @type {Found} */
    const found = this.message.matches;
    this.width = this.list.clientWidth;
    const scale = new Scale(found.scale, 0, 1, [found.ink, found.paper]);
    const many = found.units.length;
    const sign = (place) => (found.sides[place] < 0 ? "−" : "");
    const names = found.units
      .slice(0, 12)
      .map((unit, place) => sign(place) + unit)
      .join(", ");
    const on = tn(
      "The unit that is on in the selected stretch: {units}",
      "The {count} units that are on in the selected stretch: {units}",
      many,
      { units: many > 12 ? `${names} …` : names },
    );
    const title = many ? on : t("No unit is on throughout the stretch");
    this.title.replaceChildren(element("b", "", title));
    this.saying.textContent = many ? "" : t("Lower the threshold, or select a shorter stretch.");
    const length = found.chosen.length;
    const said = found.rows.map(({ shared, extra }) => {
      const words = t("{shared} of {all}", { shared, all: many });
      return extra ? `${words}, +${extra}` : words;
    });
    const longest = Math.max(...[t("selected"), ...said].map((words) => words.length));
    const label = Math.max(LABEL, LETTER * longest);
    this.list.style.setProperty("--label", `${label}px`);
    const room = Math.floor((this.width - label) / CELL) - length;
    const context = Math.max(2, Math.min(24, Math.floor(room / 2)));
    const row = (part, left, right, style) =>
      this.row(part, found, scale, context, left, right, style);
    this.list.replaceChildren(
      row(found.chosen, t("selected"), t("the stretch selected above"), "rnnviz-chosen"),
      ...found.rows.map((match, place) => row(match, said[place], match.where, "")),
    );
    this.foot.textContent = many
      ? t(
          "Searched: {texts}. “4 of 5, +2”: four of the five are on there, " +
            "and two others. Colour: the share of the five that is on.",
          { texts: found.searched },
        )
      : "";
    this.home.dataset.matches = found.rows.length;
  }

  row(part, found, scale, context, left, right, style) {
    const line = element("div", `rnnviz-match ${style}`);
    const label = element("span", "rnnviz-unit");
    label.textContent = left;
    line.title = right;
    line.append(label);
    line.append(
      found.kind === "text" ? letters(part, context, scale) : curves(part, context, scale, found),
    );
    return line;
  }

  destroy() {
    super.destroy();
    this.resizer.disconnect();
  }
}

function letters(part, context, scale) {
  const line = element("span", "rnnviz-match-line");
  line.style.setProperty("--cell", `${CELL}px`);
  const start = part.before;
  const stop = start + part.length;
  for (let missing = start; missing < context; missing++) {
    line.append(element("span", "rnnviz-cell"));
  }
  for (const cell of cellsOf(part.symbols, "text")) {
    if (cell.last < start - context || cell.first >= stop + context) continue;
    const span = element("span", "rnnviz-cell", cell.shown);
    if (cell.wide !== 1) span.style.setProperty("--wide", cell.wide);
    fill(span, scale.of(part.share[cell.last]));
    if (cell.last >= start && cell.first < stop) span.classList.add("rnnviz-in");
    line.append(span);
  }
  return line;
}

function shape(name, values) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  return made;
}

// The inputs as lines, and under them the share of the units that are on, step by step.
function curves(part, context, scale, { ink, muted }) {
  const height = 40;
  const width = CELL * (2 * context + part.length);
  const picture = shape("svg", {
    width,
    height,
    role: "img",
    "aria-label": t("inputs around the match"),
  });
  const x = (step) => CELL * (step - part.before + context);
  picture.append(
    shape("rect", {
      x: x(part.before),
      y: 0,
      width: CELL * part.length,
      height: height - 8,
      fill: muted,
      opacity: 0.18,
    }),
  );
  const all = part.lines.flat();
  const low = Math.min(0, ...all);
  const high = Math.max(1, ...all);
  part.lines.forEach((line, place) => {
    const points = line.map(
      (value, step) =>
        `${x(step) + CELL / 2},${height - 12 - (height - 16) * ((value - low) / (high - low))}`,
    );
    picture.append(
      shape("polyline", {
        points: points.join(" "),
        fill: "none",
        stroke: place ? muted : ink,
        "stroke-width": place ? 1.2 : 1.6,
        "stroke-dasharray": place ? "3 2" : "none",
      }),
    );
  });
  part.share.forEach((share, step) => {
    const colours = scale.of(share);
    picture.append(
      shape("rect", { x: x(step), y: height - 7, width: CELL, height: 6, fill: colours[0] }),
    );
  });
  const line = element("span", "rnnviz-match-line");
  line.append(picture);
  return line;
}
