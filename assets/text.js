// Text (or numbers) coloured by units: the reader, the list of matches, what a network writes.
// What a visitor typed only ever becomes textContent.
import { cellsOf, element, fill, View } from "./cells.js";
import { Scale } from "./colour.js";
import { Matches } from "./matches.js";
import { lasting, themeOf } from "./socket.js";

const CELL = 17; // px, of one character at most
const SMALLEST = 10;
const PLAIN = 13; // where a text takes several lines anyway
const LABEL = 104; // px, before each row, as in text.css

class Reader extends View {
  constructor(home) {
    super(home);
    this.lines = home.querySelector(".rnnviz-lines");
    this.aside = home.querySelector(".rnnviz-next");
    this.title = home.querySelector(".rnnviz-text-title");
    this.legend = home.querySelector(".rnnviz-legend");
    this.saying = home.querySelector(".rnnviz-text-said");
    this.spoken = home.querySelector(".rnnviz-text-spoken");
    this.cursor = null;
    this.brush = null;
    this.lines.addEventListener("pointerdown", (event) => this.down(event));
    this.lines.addEventListener("pointermove", (event) => this.move(event));
    this.lines.addEventListener("pointerleave", () => this.tell(undefined));
    this.onUp = () => this.up();
    this.onTime = ({ detail }) => detail.from !== this && this.point(this.cellAt(detail.time));
    window.addEventListener("pointerup", this.onUp);
    window.addEventListener("rnnviz:time", this.onTime);
    this.lines.addEventListener("keydown", (event) => this.key(event));
    this.resizer = new ResizeObserver(() => {
      if (this.message && Math.abs(this.width - this.lines.clientWidth) > 2) this.draw();
    });
    this.resizer.observe(this.lines);
  }

  given(data, set) {
    this.set = set;
    // What comes back may be older than what was selected since.
    if (this.sent !== undefined && data.brush !== this.sent) return;
    this.sent = data.brush;
    const [first, last] = data.brush.split("-").map(Number);
    this.asked = data.brush && last >= first ? [first, last] : null;
    if (!this.dragging) {
      this.brush = this.asked;
      if (this.cells) this.mark();
    }
  }

  draw() {
    const text = this.message.text;
    this.text = text;
    this.scale = new Scale(text.scale, text.low, text.high, [text.ink, text.paper]);
    const shape = JSON.stringify([text.symbols, text.rows.length, text.holds !== null, this.lines.clientWidth]);
    if (shape !== this.shape) this.build(text);
    this.shape = shape;
    this.colour(text);
    const holds = text.holds ? element("span", "rnnviz-aside", `▂ where it holds: ${text.property}`) : "";
    this.title.replaceChildren(element("b", "", text.title), holds);
    this.saying.textContent = text.said;
    this.saying.hidden = !text.said;
    this.lines.setAttribute("aria-label", `${text.title}: ${spelled(text.symbols)}, coloured by units ${text.rows.map((row) => row.unit).join(", ")}`);
    this.drawLegend(text);
    this.mark();
    this.panel();
  }

  // Rows of cells, a row a unit, broken into lines that fit; a cell is what people see as one
  // character, which may be several time steps of the network.
  build(text) {
    this.width = this.lines.clientWidth;
    this.cells = cellsOf(text.symbols, text.kind);
    const widest = Math.max(...this.cells.map((cell) => cell.wide));
    const room = this.width - LABEL;
    const total = this.cells.reduce((sum, cell) => sum + cell.wide, 0);
    const fits = room / total;
    this.size = text.kind !== "text" ? 7.5 : fits >= SMALLEST ? Math.min(CELL, fits) : PLAIN;
    this.lines.style.setProperty("--cell", `${this.size}px`);
    this.lines.style.fontSize = `${text.kind === "text" ? Math.min(19, 1.38 * this.size) : 14}px`;
    const fit = Math.max(widest, Math.floor(room / this.size + 0.001));
    const most = Math.max(widest, Math.ceil(total / Math.ceil(total / fit))); // lines of one length
    const blocks = [];
    for (let from = 0; from < this.cells.length; ) {
      let to = from;
      for (let taken = 0; to < this.cells.length && taken + this.cells[to].wide <= most; to++) taken += this.cells[to].wide;
      blocks.push([from, to]);
      from = to;
    }
    this.parts = this.cells.map(() => []);
    this.holding = [];
    this.labels = [];
    this.lines.replaceChildren(...blocks.map(([from, to]) => {
      const block = element("div", "rnnviz-block");
      if (text.holds) {
        const row = element("div", "rnnviz-row rnnviz-holds");
        const label = element("span", "rnnviz-unit", "it holds");
        row.append(label);
        for (let place = from; place < to; place++) {
          const span = element("span", "rnnviz-hold");
          this.widen(span, place);
          this.holding[place] = span;
          row.append(span);
        }
        block.append(row);
      }
      text.rows.forEach((_, index) => {
        const row = element("div", "rnnviz-row");
        const label = element("span", "rnnviz-unit");
        (this.labels[index] ??= []).push(label);
        row.append(label);
        for (let place = from; place < to; place++) {
          const span = element("span", "rnnviz-cell", this.cells[place].shown);
          span.dataset.place = place;
          this.widen(span, place);
          this.parts[place].push(span);
          row.append(span);
        }
        block.append(row);
      });
      return block;
    }));
    this.home.dataset.cells = this.cells.length;
    if (this.cursor !== null && this.cursor >= this.cells.length) this.cursor = null;
  }

  widen(span, place) {
    const { wide } = this.cells[place];
    if (wide !== 1) span.style.setProperty("--wide", wide);
  }

  colour(text) {
    this.cells.forEach(({ last }, place) => {
      text.rows.forEach((row, index) => fill(this.parts[place][index], this.scale.of(row.values[last])));
      if (text.holds) this.holding[place].classList.toggle("rnnviz-on", text.holds[last] > 0);
    });
  }

  drawLegend(text) {
    const bar = element("span", "rnnviz-legend-bar");
    bar.style.background = this.scale.gradient;
    this.legend.replaceChildren(
      element("span", "", `${text.symbol} = ${number(text.low)}`), bar, element("span", "", number(text.high)));
  }

  // The cursor, the selected stretch, and each unit's value under the cursor.
  mark() {
    if (!this.cells) return;
    const [first, last] = this.brush ?? [1, 0];
    this.cells.forEach((cell, place) => {
      const inside = cell.last >= first && cell.first <= last;
      for (const span of this.parts[place]) {
        span.classList.toggle("rnnviz-in", inside);
        span.classList.toggle("rnnviz-at", place === this.cursor);
      }
    });
    const at = this.cells[this.cursor]?.last;
    this.text.rows.forEach((row, index) => {
      for (const label of this.labels[index]) {
        const value = at === undefined ? row.note : number(row.values[at], 2);
        label.replaceChildren(element("span", "", `unit ${row.unit}`), element("b", at === undefined ? "rnnviz-quiet" : "", value));
      }
    });
  }

  point(place) {
    if (place === this.cursor || !this.cells) return;
    this.cursor = place;
    this.mark();
    this.panel();
  }

  // What the network answers at the step under the cursor, or at the last one.
  panel() {
    const place = this.cursor ?? this.cells.length - 1;
    const cell = this.cells[place];
    const next = this.text.next;
    this.aside.hidden = !next; // a recording without a read-out answers nothing
    if (!next) return;
    const step = cell.last;
    const most = this.text.symbols.some((symbol) => symbol.length > 2) ? 4 : 8;
    const before = spelled(this.text.symbols.slice(Math.max(0, step + 1 - most), step + 1));
    const head = element("p", "rnnviz-next-head");
    if (next.answers) {
      head.append("At step ", element("b", "", String(step)), " the network answers ", element("b", "", next.answers[step]));
      const should = next.should[step];
      const rest = element("p", "", should ? `It should be ${should}.` : "Nothing is asked here.");
      this.aside.replaceChildren(head, rest);
      return;
    }
    if (step < next.from) {
      head.append("While the source is read, nothing is asked.");
      this.aside.replaceChildren(head);
      return;
    }
    head.append("After ", element("bdi", "rnnviz-quote", before), ` it ${next.verb}`);
    this.aside.classList.toggle("rnnviz-next-words", next.classes.some((name) => name.length > 2));
    const rows = [];
    for (let rank = 0; rank < next.width; rank++) {
      const name = next.classes[next.best[step][rank]];
      const share = next.share[step][rank];
      rows.push(bar(name, share, name === next.right[step]));
    }
    const right = next.right[step];
    const listed = next.best[step].some((best) => next.classes[best] === right);
    if (right && !listed) rows.push(element("p", "rnnviz-next-gap", "…"), bar(right, next.right_share[step], true));
    this.aside.replaceChildren(head, ...rows);
  }

  cellAt(time) {
    if (typeof time !== "number" || !this.cells) return null;
    const place = this.cells.findIndex((cell) => cell.first <= time && time <= cell.last);
    return place < 0 ? null : place;
  }

  tell(place) {
    const time = this.cells?.[place]?.last;
    if (place === undefined) this.point(null);
    window.dispatchEvent(new CustomEvent("rnnviz:time", { detail: { time, from: this } }));
  }

  under(event) {
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".rnnviz-cell");
    return found && this.lines.contains(found) ? Number(found.dataset.place) : null;
  }

  down(event) {
    const place = this.under(event);
    if (place === null || event.button !== 0) return;
    event.preventDefault();
    this.lines.focus({ preventScroll: true });
    this.dragging = true;
    this.anchor = place;
    this.select(place);
  }

  move(event) {
    const place = this.under(event);
    if (place === null || place === this.cursor) return;
    if (this.dragging) this.select(place);
    this.point(place);
    this.tell(place);
  }

  up() {
    if (!this.dragging) return;
    this.dragging = false;
    this.commit();
  }

  select(place) {
    const [low, high] = [Math.min(place, this.anchor), Math.max(place, this.anchor)];
    this.brush = [this.cells[low].first, this.cells[high].last];
    this.mark();
  }

  commit() {
    const value = this.brush ? this.brush.join("-") : "";
    clearTimeout(this.soon);
    if (value === this.sent) return;
    this.sent = value;
    this.set("brush", value);
  }

  key(event) {
    if (!this.cells) return;
    const end = this.cells.length - 1;
    const at = this.cursor ?? (event.key === "ArrowLeft" ? end + 1 : -1);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: end }[event.key];
    if (event.key === "Escape") {
      this.brush = null;
      this.mark();
      this.commit();
    } else if (to !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const place = Math.min(end, Math.max(0, to));
      if (event.shiftKey) {
        if (!this.held) this.anchor = Math.min(end, Math.max(0, at));
        this.held = true;
        this.select(place);
        clearTimeout(this.soon);
        this.soon = setTimeout(() => this.commit(), 350);
      } else this.held = false;
      this.point(place);
      this.tell(place);
      this.speak(place);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  speak(place) {
    const { shown, last } = this.cells[place];
    const values = this.text.rows.slice(0, 3).map((row) => `unit ${row.unit} ${number(row.values[last], 2)}`);
    this.spoken.textContent = `Step ${last}, ${shown.trim() || "space"}: ${values.join(", ")}`;
  }

  destroy() {
    super.destroy();
    this.resizer.disconnect();
    window.removeEventListener("pointerup", this.onUp);
    window.removeEventListener("rnnviz:time", this.onTime);
  }
}

// Words stand apart, letters do not.
function spelled(symbols) {
  return symbols.join(symbols.some((symbol) => symbol.length > 2) ? " " : "");
}

class Writing extends View {
  draw() {
    const { prompt, text, share, said, when, scale, ink, paper } = this.message.writing;
    const colours = new Scale(scale, 0, 1, [ink, paper]);
    const shown = this.home.querySelector(".rnnviz-written");
    const letters = cellsOf(text, "text");
    shown.replaceChildren(element("span", "rnnviz-prompt", prompt), ...letters.map(({ first, last }) => {
      const span = element("span", "", text.slice(first, last + 1).join(""));
      fill(span, colours.of(share[last]));
      return span;
    }));
    this.home.querySelector(".rnnviz-text-title").replaceChildren(element("b", "", `Written by the network, ${when}`));
    const bar = element("span", "rnnviz-legend-bar");
    bar.style.background = colours.gradient;
    this.home.querySelector(".rnnviz-legend").replaceChildren(element("span", "", "drawn at a chance of 0 %"), bar, element("span", "", "100 %"));
    const note = this.home.querySelector(".rnnviz-text-said");
    note.textContent = said;
    note.hidden = !said;
  }
}

function bar(name, share, right) {
  const row = element("div", right ? "rnnviz-next-row rnnviz-right" : "rnnviz-next-row");
  const track = element("span", "rnnviz-track");
  const filled = element("span", "rnnviz-filled");
  filled.style.width = `${100 * share}%`;
  track.append(filled);
  row.append(element("bdi", "", name), track, element("span", "rnnviz-percent", percent(share) + (right ? " ✓" : "")));
  return row;
}

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

function number(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return value.toFixed(digits).replace("-", "−");
}

const KINDS = { units_text: Reader, units_matches: Matches, writing: Writing };

export function mount({ data, parentElement, setStateValue }) {
  const [view, end] = lasting(parentElement, (home) => new KINDS[data.view](home));
  view.update(data, themeOf(parentElement), setStateValue);
  return end;
}
