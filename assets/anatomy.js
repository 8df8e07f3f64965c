// The Anatomy component: a drawn cell whose wires, gates and equations show one time step of a
// course that the server sent once. Going through time happens here; it sets attributes only.
import { named } from "./dom.js";
import { Drawing, source } from "./drawing.js";
import { equations } from "./equations.js";
import { LiveView } from "./live_view.js";
import { Menu } from "./menu.js";
import { decode } from "./numbers.js";
import { lasting, themeOf } from "./socket.js";
import { TimeBar } from "./timebar.js";
import { t } from "./words.js";

/**
 * What the view `anatomy` sends: all terms of a unit's equations, at all time steps. A record of
 * two has one for each mode.
 * @typedef {object} Course
 * @property {string} cell
 * @property {string} drawing the name of its SVG
 * @property {string} function the name of its nonlinearity
 * @property {{values: string, gradient: string}} title
 * @property {string} where
 * @property {number} unit
 * @property {boolean} whole whether the drawing shows the mean over all units
 * @property {boolean} backwards whether the layer reads from the end
 * @property {string} before the time step that it read before t
 * @property {number} steps
 * @property {string[]} labels what went in at each time step, or none
 * @property {Record<string, string>} palette
 * @property {Record<string, string>} symbols signal -> its letter
 * @property {string[]} logistic signals in 0..1
 * @property {Record<string, string>} words what is written in the drawing
 * @property {Record<string, string>} titles signal -> its name
 * @property {string[]} columns
 * @property {string} unit_series the columns one after the other, float32 in base64
 * @property {string | null} shown_series the same of the mean
 * @property {Record<string, number>} reach column -> what the widest wire stands for
 * @property {number} top the decade of the largest gradient
 * @property {{values: Equation[], gradient: Equation[]}} equations
 * @property {{values: Piece[][], gradient: Piece[][]}} notes
 * @property {Record<string, Float32Array>} [of] the columns of the unit, once they are unpacked
 * @property {Record<string, Float32Array>} [shown] those that the drawing shows
 */

/** @typedef {import("./equations.js").Equation} Equation */
/** @typedef {import("./equations.js").Piece} Piece */

class Anatomy extends LiveView {
  constructor(home) {
    super(home);
    named(home, { ".rnnviz-side-panel": t("Equations") });
    this.title = home.querySelector(".rnnviz-title");
    this.title.textContent = t("Inside a cell");
    this.where = home.querySelector(".rnnviz-where");
    this.single = home.querySelector(".rnnviz-single");
    this.room = home.querySelector(".rnnviz-drawing");
    this.equations = home.querySelector(".rnnviz-equations");
    this.bar = new TimeBar(home, (time) => this.go(time));
    this.menu = new Menu(home, () => this.onScreen());
  }

  // What is on screen, for the menu that exports it.
  onScreen() {
    const carry = this.gradient ? "gradient" : "values";
    const query = { ...this.data.query, t: this.bar.t, carry };
    const step = { chosen: this.step, shown: this.home.dataset.step };
    return { ...this.data, query, theme: this.theme, step, time: true };
  }

  /**
   * @param {import("./address.js").Shown & {mode: string}} data mode: "values" or "gradient"
   * @param {string} theme
   */
  update(data, theme) {
    const mode = this.data?.mode;
    this.home.style.setProperty("--height", data.height);
    super.update(data, theme);
    if (this.course && mode !== data.mode) this.load();
  }

  receive(message) {
    this.settle();
    super.receive(message);
  }

  async show(message) {
    /** @type {Course} */
    const course = message.anatomy;
    this.newest = message;
    const svg = await source(this.data.base, course.drawing);
    if (this.gone || this.newest !== message) return; // a newer one came meanwhile
    course.of = columns(course, course.unit_series);
    course.shown = course.shown_series ? columns(course, course.shown_series) : course.of;
    if (this.course?.cell !== course.cell || this.course.backwards !== course.backwards) {
      this.drawing = new Drawing(svg, course);
      this.room.replaceChildren(this.drawing.svg);
      this.typeset = null;
    }
    this.course = course;
    this.load();
    this.drew(message.step);
  }

  // Everything that changes with the course, the unit or the mode, but not with time.
  load() {
    const { course } = this;
    const known = course.columns.some((name) => name.startsWith("gradient."));
    this.gradient = this.data.mode === "gradient" && known;
    const mode = this.gradient ? "gradient" : "values";
    this.home.dataset.mode = mode;
    for (const [name, colour] of Object.entries(course.palette)) {
      this.home.style.setProperty(`--${name}`, colour);
    }
    this.title.textContent = course.title[mode];
    this.where.textContent = course.where;
    if (this.typeset !== mode) {
      this.typeset = mode;
      this.lines = equations(this.equations, course.equations[mode], course.notes[mode]);
    }
    this.single.textContent = course.whole
      ? t(
          "Means do not fit the equations (σ of a mean is not the mean of σ): " +
            "these numbers are unit {unit}'s.",
          { unit: course.unit },
        )
      : "";
    this.drawing.load(course, this.gradient);
    this.bar.load(course, this.gradient);
    this.paint(this.bar.t);
  }

  go(time) {
    this.next = time;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint(this.next);
    });
  }

  paint(time) {
    if (!this.course) return;
    this.drawing.paint(time);
    for (const line of this.lines) line(this.course.of, time);
    this.home.dataset.t = time;
    // said when it rests, not at every frame
    clearTimeout(this.describing);
    this.describing = setTimeout(() => this.drawing.describe(time), 200);
  }

  destroy() {
    super.destroy();
    clearTimeout(this.describing);
    this.menu.destroy();
    this.bar.destroy();
  }
}

function columns(course, packed) {
  const numbers = decode(packed);
  return Object.fromEntries(
    course.columns.map((name, place) => [
      name,
      numbers.subarray(place * course.steps, (place + 1) * course.steps),
    ]),
  );
}

export function mount({ data, parentElement }) {
  const [anatomy, end] = lasting(parentElement, (home) => new Anatomy(home));
  anatomy.update(data, themeOf(parentElement));
  return end;
}
