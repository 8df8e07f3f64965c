// The drawn cell: wires as wide as what flows in them, its numbers and its gauges, at a time step.
import { decades, plain, scientific } from "./numbers.js";
import { t } from "./words.js";

const THINNEST = 1.5;
const WIDEST = 11;
const sources = {};

// The SVG of a kind of cell; each is fetched once.
export function source(base, name) {
  sources[name] ??= fetch(`${base}/assets/cells/${name}.svg`)
    .then((answer) => answer.text())
    .then((text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement);
  return sources[name];
}

export class Drawing {
  // `svg` is a kind of cell; each wire becomes a thin rail, the flow in it as wide as the value,
  // and the hollow of a negative one.
  constructor(svg, course) {
    this.svg = document.importNode(svg, true);
    this.svg.querySelector("title").remove();
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", course.title.values);
    for (const node of this.all("[data-hue]")) {
      node.style.setProperty("--own", `var(--${node.dataset.hue})`);
      node.style.setProperty("--own-text", `var(--${node.dataset.hue}-text)`);
    }
    this.wires = this.all(".wire").map((rail) => {
      const flow = rail.cloneNode();
      flow.setAttribute("class", "flow");
      const hollow = rail.cloneNode();
      hollow.setAttribute("class", "hollow");
      rail.after(flow, hollow);
      return { flow, hollow, ...rail.dataset };
    });
    this.numbers = this.all(".number").map((node) => ({ node, ...node.dataset }));
    this.gauges = this.all(".gauge").map((node) => ({ node, ...node.dataset }));
    this.symbols = this.all("[data-symbol]");
    for (const node of this.all("[data-function]")) node.textContent = course.function;
    for (const node of this.all("[data-before]")) node.textContent = course.before;
    for (const node of this.all("[data-word]")) {
      node.textContent = course.words[node.dataset.word];
    }
  }

  all(selector) {
    return [...this.svg.querySelectorAll(selector)];
  }

  // Take another course: which of its series each part of the drawing shows.
  load(course, gradient) {
    this.course = course;
    this.gradient = gradient;
    const plan = (part) => {
      const column = gradient ? part.gradient && `gradient.${part.gradient}` : part.value;
      return { ...part, series: course.shown[column], reach: course.reach[column] };
    };
    this.flowing = this.wires.map(plan);
    this.written = this.numbers.map(plan);
    this.filled = this.gauges.map((gauge) => ({
      ...gauge,
      series: course.shown[gauge.value],
      zero: Number(gauge.zero),
      widest: Number(gauge.reach),
      reach: course.reach[gauge.value],
    }));
  }

  paint(time) {
    for (const wire of this.flowing) this.flow(wire, wire.series ? wire.series[time] : 0);
    for (const { node, series } of this.written) {
      write(node, series ? this.say(series[time], 1) : "");
    }
    for (const { node, series, reach, zero, widest } of this.filled) {
      const length = widest * Math.max(-1, Math.min(1, (series[time] || 0) / reach));
      set(node, "x", Math.min(zero, zero + length).toFixed(1));
      set(node, "width", Math.abs(length).toFixed(1));
    }
    for (const node of this.symbols) write(node, this.course.labels[time] ?? "");
  }

  // The thinnest wire of a gradient is still seen, however small that is.
  flow({ flow, hollow, reach }, value) {
    const share = this.gradient
      ? Math.max(value ? 0.02 : 0, decades(value, this.course.top))
      : Math.min(1, Math.abs(value) / reach) || 0;
    const width = share > 0 ? THINNEST + (WIDEST - THINNEST) * share : 0;
    set(flow, "stroke-width", width.toFixed(1));
    set(flow, "stroke-opacity", (0.35 + 0.65 * share).toFixed(2));
    set(flow, "data-sign", value < 0 ? "-" : "+");
    const inside = value < 0 && !this.gradient ? Math.max(0.8, width - 4) : 0;
    set(hollow, "stroke-width", inside.toFixed(1));
  }

  say(value, digits) {
    return this.gradient ? scientific(value, digits) : plain(value);
  }

  // For those who hear the drawing.
  describe(time) {
    const { course, gradient } = this;
    const parts = Object.keys(course.symbols)
      .filter((signal) => signal !== "input")
      .map((signal) => {
        const series = course.shown[gradient ? `gradient.${signal}` : signal];
        return `${course.titles[signal]} ${this.say(series[time], 2)}`;
      });
    const at = { time, values: parts.join(", ") };
    const values = gradient
      ? t("Gradient of the loss by each value at time step {time}: {values}.", at)
      : t("Values at time step {time}: {values}.", at);
    const title = course.title[gradient ? "gradient" : "values"];
    this.svg.setAttribute("aria-label", `${title}, ${course.where}. ${values}`);
  }
}

// Attributes and texts are written where they change: a course is painted sixty times a second.
function set(node, name, value) {
  node.rnnvizSet ??= {};
  if (node.rnnvizSet[name] === value) return;
  node.rnnvizSet[name] = value;
  node.setAttribute(name, value);
}

function write(node, text) {
  if (node.rnnvizText !== text) node.textContent = node.rnnvizText = text;
}
