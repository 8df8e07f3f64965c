// Where else the same units are on: a line a match, all aligned on where the match begins.
import { cellsOf, element, fill, View } from "./cells.js";
import { Scale } from "./colour.js";

const CELL = 11; // px
const LABEL = 108;
const SVG = "http://www.w3.org/2000/svg";

export class Matches extends View {
  constructor(home) {
    super(home);
    this.list = home.querySelector(".rnnviz-match-list");
    this.title = home.querySelector(".rnnviz-text-title");
    this.saying = home.querySelector(".rnnviz-match-on");
    this.foot = home.querySelector(".rnnviz-match-foot");
    this.resizer = new ResizeObserver(() => {
      if (this.message && Math.abs(this.width - this.list.clientWidth) > 2) this.draw();
    });
    this.resizer.observe(this.list);
  }

  receive(message) {
    if (message.error) {
      this.list.replaceChildren();
      for (const part of [this.title, this.saying, this.foot]) part.textContent = "";
      this.message = null;
    }
    super.receive(message);
  }

  draw() {
    const found = this.message.matches;
    this.width = this.list.clientWidth;
    const scale = new Scale(found.scale, 0, 1, [found.ink, found.paper]);
    const many = found.units.length;
    const sign = (place) => (found.sides[place] < 0 ? "−" : "");
    const names = found.units.slice(0, 12).map((unit, place) => sign(place) + unit).join(", ");
    const words = many === 1 ? "The unit that is on in the selected stretch:" : `The ${many} units that are on in the selected stretch:`;
    this.title.replaceChildren(
      element("b", "", many ? `${words} ${names}${many > 12 ? " …" : ""}` : "No unit is on throughout the stretch"));
    this.saying.textContent = many ? "" : "Lower the threshold, or select a shorter stretch.";
    const length = found.chosen.length;
    const room = Math.floor((this.width - LABEL) / CELL) - length;
    const context = Math.max(2, Math.min(24, Math.floor(room / 2)));
    const row = (part, left, right, style) => this.row(part, found, scale, context, left, right, style);
    const rows = [row(found.chosen, "selected", "the stretch selected above", "rnnviz-chosen")];
    for (const match of found.rows) {
      const more = match.extra ? `, +${match.extra}` : "";
      rows.push(row(match, `${match.shared} of ${many}${more}`, match.where, ""));
    }
    this.list.replaceChildren(...rows);
    this.foot.textContent = many ? `Searched: ${found.searched}. “4 of 5, +2”: four of the five are on there, and two others. Colour: the share of the five that is on.` : "";
    this.home.dataset.matches = found.rows.length;
  }

  row(part, found, scale, context, left, right, style) {
    const line = element("div", `rnnviz-match ${style}`);
    const label = element("span", "rnnviz-unit");
    label.textContent = left;
    line.title = right;
    line.append(label);
    line.append(found.kind === "text" ? letters(part, context, scale) : curves(part, context, scale, found));
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
  for (let missing = start; missing < context; missing++) line.append(element("span", "rnnviz-cell"));
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
  const picture = shape("svg", { width, height, role: "img", "aria-label": "inputs around the match" });
  const x = (step) => CELL * (step - part.before + context);
  picture.append(shape("rect", { x: x(part.before), y: 0, width: CELL * part.length, height: height - 8, fill: muted, opacity: 0.18 }));
  const all = part.lines.flat();
  const low = Math.min(0, ...all);
  const high = Math.max(1, ...all);
  part.lines.forEach((line, place) => {
    const points = line.map((value, step) => `${x(step) + CELL / 2},${(height - 12) - (height - 16) * ((value - low) / (high - low))}`);
    picture.append(shape("polyline", { points: points.join(" "), fill: "none", stroke: place ? muted : ink, "stroke-width": place ? 1.2 : 1.6, "stroke-dasharray": place ? "3 2" : "none" }));
  });
  part.share.forEach((share, step) => {
    const colours = scale.of(share);
    picture.append(shape("rect", { x: x(step), y: height - 7, width: CELL, height: 6, fill: colours[0] }));
  });
  const line = element("span", "rnnviz-match-line");
  line.append(picture);
  return line;
}
