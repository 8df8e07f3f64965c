// Text coloured by units: a cursor, a stretch that can be selected, and what the network answers.
import { answersAt } from "./answers.js";
import { spelled } from "./cells.js";
import { Scale } from "./colour.js";
import { element, named } from "./dom.js";
import { fixed } from "./numbers.js";
import { Rows } from "./rows.js";
import { TextView } from "./text_view.js";
import { t } from "./words.js";

const REST = 350; // milliseconds after which a stretch selected by keys is told

/**
 * @typedef {object} Text
 * @property {string[]} symbols what goes in at each time step
 * @property {"text" | "numbers"} kind
 * @property {{unit: number, note: string, values: (number | null)[]}[]} rows
 * @property {number[] | null} holds 1 at the time steps where the property holds
 * @property {string} property
 * @property {[number, string][]} scale
 * @property {number} low
 * @property {number} high
 * @property {string} ink
 * @property {string} paper
 * @property {string} symbol the letter of the signal
 * @property {import("./answers.js").Next | null} next null: nothing is read out
 * @property {string} title
 * @property {string} said
 */

export class Reader extends TextView {
  constructor(home) {
    super(home);
    home.setAttribute("aria-label", t("Text coloured by units"));
    named(home, { ".rnnviz-lines": t("Text, being drawn") });
    this.lines = home.querySelector(".rnnviz-lines");
    this.lines.setAttribute("aria-roledescription", t("text to select in"));
    this.aside = home.querySelector(".rnnviz-next");
    this.title = home.querySelector(".rnnviz-text-title");
    this.legend = home.querySelector(".rnnviz-legend");
    this.saying = home.querySelector(".rnnviz-text-said");
    this.spoken = home.querySelector(".rnnviz-text-spoken");
    this.rows = new Rows(this.lines);
    this.cursor = null;
    this.brush = null;
    this.lines.addEventListener("pointerdown", (event) => this.down(event));
    this.lines.addEventListener("pointermove", (event) => this.move(event));
    this.lines.addEventListener("pointerleave", () => this.leave());
    this.lines.addEventListener("keydown", (event) => this.key(event));
    this.onUp = () => this.up();
    this.onTime = ({ detail }) =>
      detail.from !== this && this.point(this.rows.placeOf(detail.time));
    window.addEventListener("pointerup", this.onUp);
    window.addEventListener("rnnviz:time", this.onTime);
    this.resizer = new ResizeObserver(() => {
      if (this.text && Math.abs(this.rows.width - this.lines.clientWidth) > 2) this.draw();
    });
    this.resizer.observe(this.lines);
  }

  /**
   * @param {import("./address.js").Shown & {brush: string}} data brush: "first-last" or ""
   * @param {string} theme
   * @param {(name: string, value: string) => void} set tells the page
   */
  update(data, theme, set) {
    this.set = set;
    this.take(data.brush);
    super.update(data, theme);
  }

  // What comes back from the page may be older than what was selected since.
  take(brush) {
    if (this.sent !== undefined && brush !== this.sent) return;
    this.sent = brush;
    if (this.dragging) return;
    const [first, last] = brush.split("-").map(Number);
    this.brush = brush && last >= first ? [first, last] : null;
    this.mark();
  }

  draw() {
    /** @type {Text} */
    const text = this.message.text;
    this.text = text;
    this.rows.build(text);
    const count = this.rows.cells.length;
    this.home.dataset.cells = count;
    if (this.cursor !== null && this.cursor >= count) this.cursor = null;
    const scale = new Scale(text.scale, text.low, text.high, [text.ink, text.paper]);
    this.rows.colour(text, scale);
    const holds = text.holds
      ? element("span", "rnnviz-aside", `▂ ${t("the bar marks: {property}", text)}`)
      : "";
    this.title.replaceChildren(element("b", "", text.title), holds);
    this.saying.textContent = text.said;
    this.saying.hidden = !text.said;
    const units = text.rows.map((row) => row.unit).join(", ");
    this.lines.setAttribute(
      "aria-label",
      t("{title}: {symbols}, coloured by units {units}", {
        title: text.title,
        symbols: spelled(text.symbols),
        units,
      }),
    );
    const bar = element("span", "rnnviz-legend-bar");
    bar.style.background = scale.gradient;
    const low = element("span", "", `${text.symbol} = ${fixed(text.low)}`);
    this.legend.replaceChildren(low, bar, element("span", "", fixed(text.high)));
    this.mark();
    this.answer();
  }

  mark() {
    if (this.text) this.rows.mark(this.text, this.cursor, this.brush);
  }

  // What the network answers at the step under the cursor, or at the last one.
  answer() {
    const { next, symbols } = this.text;
    this.aside.hidden = !next; // a recording without a read-out answers nothing
    if (!next) return;
    const words = next.classes?.some((name) => name.length > 2);
    this.aside.classList.toggle("rnnviz-next-words", Boolean(words));
    const { cells } = this.rows;
    const step = cells[this.cursor ?? cells.length - 1].last;
    this.aside.replaceChildren(...answersAt(symbols, next, step));
  }

  point(place) {
    if (place === this.cursor || !this.text) return;
    this.cursor = place;
    this.mark();
    this.answer();
  }

  // Tell the other figures which time step the cursor is at.
  tell(place) {
    const time = this.rows.cells[place]?.last;
    window.dispatchEvent(new CustomEvent("rnnviz:time", { detail: { time, from: this } }));
  }

  leave() {
    this.point(null);
    this.tell(null);
  }

  down(event) {
    const place = this.rows.under(event);
    if (place === null || event.button !== 0) return;
    event.preventDefault();
    this.lines.focus({ preventScroll: true });
    this.dragging = true;
    this.anchor = place;
    this.select(place);
  }

  move(event) {
    const place = this.rows.under(event);
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

  // The stretch from where the selection began.
  select(place) {
    const [low, high] = [Math.min(place, this.anchor), Math.max(place, this.anchor)];
    this.brush = [this.rows.cells[low].first, this.rows.cells[high].last];
    this.mark();
  }

  commit() {
    const value = this.brush ? this.brush.join("-") : "";
    clearTimeout(this.resting);
    if (value === this.sent) return;
    this.sent = value;
    this.set("brush", value);
  }

  key(event) {
    if (!this.text) return;
    const end = this.rows.cells.length - 1;
    const at = this.cursor ?? (event.key === "ArrowLeft" ? end + 1 : -1);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: end }[event.key];
    if (event.key === "Escape") {
      this.brush = null;
      this.mark();
      this.commit();
    } else if (to !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.walk(Math.min(end, Math.max(0, to)), Math.min(end, Math.max(0, at)), event.shiftKey);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Go to a cell from another; a stretch is selected on the way as long as Shift is held.
  walk(place, from, selects) {
    if (selects) {
      if (!this.held) this.anchor = from;
      this.select(place);
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.commit(), REST);
    }
    this.held = selects;
    this.point(place);
    this.tell(place);
    this.speak(place);
  }

  speak(place) {
    const { shown, last } = this.rows.cells[place];
    const values = this.text.rows
      .slice(0, 3)
      .map((row) => `${t("unit {unit}", row)} ${fixed(row.values[last], 2)}`);
    this.spoken.textContent = t("Step {step}, {symbol}: {values}", {
      step: last,
      symbol: shown.trim() || t("space"),
      values: values.join(", "),
    });
  }

  destroy() {
    super.destroy();
    this.resizer.disconnect();
    window.removeEventListener("pointerup", this.onUp);
    window.removeEventListener("rnnviz:time", this.onTime);
  }
}
