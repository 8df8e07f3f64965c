// The Anatomy component: a drawn cell whose wires, gates and equations show one time step of a
// course that the server sent once. Going through time happens here; it sets attributes only.
import { Menu } from "./menu.js";
import { Feed, lasting, themeOf } from "./socket.js";
import { decode, plain, scientific } from "./numbers.js";
import { equations } from "./equations.js";
import { TimeBar } from "./timebar.js";

const DECADES = 8; // of the gradient between the thinnest and the widest wire
const WIDEST = 11;
const drawings = {};

function drawing(base, name) {
  drawings[name] ??= fetch(`${base}/assets/cells/${name}.svg`)
    .then((answer) => answer.text())
    .then((text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement);
  return drawings[name];
}

class Anatomy {
  constructor(home) {
    this.home = home;
    this.find = (name) => home.querySelector(`.rnnviz-${name}`);
    this.note = home.querySelector(".rnnviz-note");
    this.bar = new TimeBar(home, (t) => this.go(t));
    this.feed = new Feed((message) => this.receive(message), (state) => this.connection(state));
    this.menu = new Menu(home, () => this.shownNow());
    this.onStep = (event) => this.follow(event.detail);
    window.addEventListener("rnnviz:step", this.onStep);
    this.drawn = 0;
  }

  // What is on screen, for the menu that exports it.
  shownNow() {
    const carry = this.gradient ? "gradient" : "values";
    const query = { ...this.data.query, t: this.bar.t, carry };
    const step = { chosen: this.step, shown: this.home.dataset.step };
    return { ...this.data, view: "anatomy", query, theme: this.theme, step, time: true, without: ["tex"] };
  }

  update(data, theme) {
    this.theme = theme;
    const before = this.data;
    this.data = data;
    this.home.style.setProperty("--height", data.height);
    const query = new URLSearchParams({ ...data.query, theme });
    const path = `${data.base}/live/${encodeURIComponent(data.run)}/anatomy?${query}`;
    if (!before || data.step !== before.step) this.step = data.step ?? null;
    if (path !== this.feed.address) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.home.classList.add("rnnviz-waiting"), 300);
    }
    this.feed.watch(path, this.step);
    if (before && before.mode !== data.mode && this.course) this.wire();
  }

  follow({ run, step }) {
    if (!this.data || run !== this.data.run) return;
    this.step = step;
    this.feed.watch(this.feed.address, step);
  }

  async receive(message) {
    clearTimeout(this.waiting);
    this.home.classList.remove("rnnviz-waiting");
    if (message.error) return this.say(message.error);
    this.say("");
    const course = message.anatomy;
    this.newest = message;
    const picture = await drawing(this.data.base, course.drawing);
    if (this.gone || this.newest !== message) return; // a newer one came meanwhile
    course.step = message.step;
    course.of = columns(course, course.unit_series);
    course.shown = course.shown_series ? columns(course, course.shown_series) : course.of;
    if (this.course?.cell !== course.cell || this.course.backwards !== course.backwards) this.place(picture, course);
    this.course = course;
    this.wire();
    this.home.dataset.drawn = this.drawn += 1;
    this.home.dataset.step = message.step;
    this.home.dataset.run = this.data.run;
  }

  // Put the drawing of another kind of cell on the page, each wire as a thin rail, the flow in it
  // as wide as the value, and the hollow of a negative one.
  place(picture, course) {
    const svg = document.importNode(picture, true);
    svg.querySelector("title").remove();
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", course.title);
    for (const node of svg.querySelectorAll("[data-hue]")) {
      node.style.setProperty("--own", `var(--${node.dataset.hue})`);
      node.style.setProperty("--own-text", `var(--${node.dataset.hue}-text)`);
    }
    this.wires = [...svg.querySelectorAll(".wire")].map((rail) => {
      const flow = rail.cloneNode();
      flow.setAttribute("class", "flow");
      const hollow = rail.cloneNode();
      hollow.setAttribute("class", "hollow");
      rail.after(flow, hollow);
      return { flow, hollow, value: rail.dataset.value, gradient: rail.dataset.gradient };
    });
    this.numbers = [...svg.querySelectorAll(".number")].map((node) => ({
      node, value: node.dataset.value, gradient: node.dataset.gradient,
    }));
    this.gauges = [...svg.querySelectorAll(".gauge")];
    this.symbols = [...svg.querySelectorAll("[data-symbol]")];
    for (const node of svg.querySelectorAll("[data-function]")) node.textContent = course.function;
    if (course.backwards) { // what such a layer has read before is what comes later
      for (const node of svg.querySelectorAll(".below")) node.textContent = node.textContent.replace("t−1", "t+1");
    }
    this.find("drawing").replaceChildren(svg);
    this.svg = svg;
    this.built = null;
  }

  // Everything that changes with the course, the unit or the mode, but not with time.
  wire() {
    const { course, data } = this;
    const gradient = data.mode === "gradient" && course.columns.some((each) => each.startsWith("gradient."));
    this.home.dataset.mode = gradient ? "gradient" : "values";
    for (const [name, colour] of Object.entries(course.palette)) this.home.style.setProperty(`--${name}`, colour);
    this.find("title").textContent = gradient ? course.title.replace("Inside", "The gradient through") : course.title;
    this.find("where").textContent = course.where;
    const kind = `${course.cell} ${gradient} ${course.backwards}`;
    if (this.built !== kind) {
      this.built = kind;
      this.lines = equations(this.find("equations"), course, gradient);
    }
    this.find("single").textContent = course.whole
      ? `Means do not fit the equations (σ of a mean is not the mean of σ): these numbers are unit ${course.unit}'s.`
      : "";
    const column = (each) => (gradient ? each.gradient && `gradient.${each.gradient}` : each.value);
    const plan = (each) => ({ ...each, series: course.shown[column(each)], reach: course.reach[column(each)] });
    this.flowing = this.wires.map(plan);
    this.written = this.numbers.map(plan);
    this.filled = this.gauges.map((node) => ({
      node, series: course.shown[node.dataset.value], reach: course.reach[node.dataset.value],
      zero: Number(node.dataset.zero), most: Number(node.dataset.reach),
    }));
    this.gradient = gradient;
    this.bar.load(course, gradient);
    this.paint(this.bar.t);
  }

  go(t) {
    this.next = t;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint(this.next);
    });
  }

  paint(t) {
    const { course, gradient } = this;
    if (!course) return;
    for (const each of this.flowing) {
      const value = each.series ? each.series[t] : 0;
      const share = gradient ? decades(value, course.top) : Math.min(1, Math.abs(value) / each.reach);
      const width = share > 0 ? 1.5 + (WIDEST - 1.5) * share : 0;
      set(each, "stroke-width", width.toFixed(1), each.flow);
      set(each, "stroke-opacity", (0.35 + 0.65 * share).toFixed(2), each.flow);
      set(each, "data-sign", value < 0 ? "-" : "+", each.flow);
      set(each, "hollow", value < 0 && !gradient ? Math.max(0.8, width - 4).toFixed(1) : "0", each.hollow, "stroke-width");
    }
    for (const each of this.written) {
      write(each.node, each.series ? (gradient ? scientific(each.series[t], 1) : plain(each.series[t])) : "");
    }
    for (const each of this.filled) {
      const length = each.most * Math.max(-1, Math.min(1, (each.series[t] || 0) / each.reach));
      set(each, "x", Math.min(each.zero, each.zero + length).toFixed(1), each.node);
      set(each, "width", Math.abs(length).toFixed(1), each.node);
    }
    for (const node of this.symbols) write(node, course.labels[t] ?? "");
    for (const line of this.lines) line(course.of, t);
    this.home.dataset.t = t;
    this.describe(t);
  }

  // For those who hear the drawing: said when it rests, not at every frame.
  describe(t) {
    clearTimeout(this.describing);
    this.describing = setTimeout(() => {
      const { course, gradient } = this;
      const parts = Object.keys(course.symbols)
        .filter((signal) => signal !== "input")
        .map((signal) => {
          const series = course.shown[gradient ? `gradient.${signal}` : signal];
          return `${course.titles[signal]} ${gradient ? scientific(series[t], 2) : plain(series[t])}`;
        });
      const what = gradient ? "Gradient of the loss by each value" : "Values";
      const said = `${course.title}, ${course.where}. ${what} at time step ${t}: ${parts.join(", ")}.`;
      this.svg.setAttribute("aria-label", said);
    }, 200);
  }

  connection(state) {
    this.say(state === "lost" ? "The connection is lost; trying again …" : "");
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  destroy() {
    this.gone = true;
    this.menu.destroy();
    clearTimeout(this.describing);
    this.feed.close();
    this.bar.destroy();
    window.removeEventListener("rnnviz:step", this.onStep);
  }
}

function columns(course, packed) {
  const numbers = decode(packed);
  return Object.fromEntries(
    course.columns.map((name, place) => [
      name, numbers.subarray(place * course.steps, (place + 1) * course.steps),
    ]),
  );
}

function decades(value, top) {
  const size = Math.abs(value);
  if (!(size > 0)) return 0;
  return Math.max(0.02, Math.min(1, (Math.log10(size) - top + DECADES) / DECADES));
}

function set(memory, key, value, node, name = key) {
  if (memory[`now ${key}`] === value) return;
  memory[`now ${key}`] = value;
  node.setAttribute(name, value);
}

function write(node, text) {
  if (node.now !== text) node.textContent = node.now = text;
}

export function mount({ data, parentElement }) {
  const [anatomy, end] = lasting(parentElement, (home) => new Anatomy(home));
  anatomy.update(data, themeOf(parentElement));
  return end;
}
