// The figure component: draws what the server sends with Plotly.react, never a remount.
import { enlarged, presenting } from "./enlarge.js";
import { LiveView, WORKING } from "./live_view.js";
import { Menu } from "./menu.js";
import { inRoom, leastArea, titlesOf } from "./room.js";
import { lasting, themeOf } from "./socket.js";
import { linesOnly, renote, still } from "./steady.js";
import { language, t } from "./words.js";

let plotly;

function load(base) {
  plotly ??= new Promise((done, failed) => {
    if (window.Plotly) return done(window.Plotly);
    const script = document.createElement("script");
    script.src = `${base}/plotly/plotly.min.js`;
    script.onload = () => done(window.Plotly);
    script.onerror = () => failed(new Error(t("plotly.js did not load")));
    document.head.append(script);
  });
  return plotly;
}

// Figures whose messages come together are drawn in one frame, so the page is laid out once.
const TOGETHER = 5; // ms to wait for the others
let soon = null;

function nextFrame() {
  soon ??= new Promise((done) => {
    setTimeout(() => {
      requestAnimationFrame(() => {
        soon = null;
        done();
      });
    }, TOGETHER);
  });
  return soon;
}

const LEAST = 0.62; // of a figure's height, for the picture above its words
const BUTTONS_OUT = ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "toImage"];
// What Plotly says itself, in a locale of the page's language.
const PLOTLY = {
  Zoom: t("Zoom"),
  Pan: t("Pan"),
  "Reset axes": t("Reset axes"),
  "Double-click to zoom back out": t("Double-click to zoom back out"),
};
const CONFIG = {
  locale: language,
  locales: { [language]: { dictionary: PLOTLY, format: {} } },
  displaylogo: false,
  displayModeBar: "hover",
  modeBarButtonsToRemove: BUTTONS_OUT,
  showSendToCloud: false,
  doubleClick: "reset",
};

/**
 * What a view with a figure sends.
 * @typedef {object} FigureMessage
 * @property {number} step the step of training that it shows
 * @property {{data: object[], layout: Layout}} figure as Plotly takes it
 * @property {string} [says] what the numbers say, in a sentence
 */

/**
 * A layout of Plotly's. `meta` is what may be asked of it (`frame` in rnnviz/plots/style.py).
 * @typedef {Record<string, any> & {meta?: Meta}} Layout
 */

/**
 * @typedef {object} Meta
 * @property {string} alt what is seen, in a sentence
 * @property {string} note the quiet words at the title's end
 * @property {string[]} time the names of the axes along which a sequence goes
 */

export class Figure extends LiveView {
  constructor(home, base) {
    super(home);
    this.pending = null;
    this.busy = false;
    this.timeAxes = [];
    home.setAttribute("aria-label", t("Figure, being drawn"));
    this.plot = home.querySelector(".rnnviz-plot");
    this.mark = home.querySelector(".rnnviz-mark");
    this.says = home.querySelector(".rnnviz-says");
    this.ready = load(base).catch((error) => this.say(error.message));
    if (!home.dataset.embedded) this.menu = new Menu(home, () => this.onScreen());
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(home);
    this.resizer.observe(this.plot); // the words below it may take another line
    this.onTime = (event) => this.showTime(event.detail);
    this.onRow = (event) => this.data?.pointed && this.feed.point(event.detail.row);
    this.onVisible = () => this.draw();
    this.onPresent = () => this.again();
    window.addEventListener("rnnviz:time", this.onTime);
    window.addEventListener("rnnviz:row", this.onRow);
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("rnnviz:present", this.onPresent);
  }

  // What is on screen, for the menu that exports it.
  onScreen() {
    const step = { chosen: this.step, shown: this.home.dataset.step };
    const time = this.timeAxes.length > 0;
    return { ...this.data, theme: this.theme, step, at: this.feed.at, plot: this.plot, time };
  }

  /**
   * @param {import("./address.js").Shown & {points: boolean, pointed: boolean}} data points: the
   *   row under the pointer is what the page's other pictures look at; pointed: this one does
   * @param {string} theme
   */
  update(data, theme) {
    // as tall as the page has it; taller where the words would leave the picture too little
    this.home.style.minHeight = data.height;
    super.update(data, theme);
  }

  wait() {
    super.wait();
    this.other = true;
    clearTimeout(this.working);
    this.working = setTimeout(() => this.drawn || this.say(WORKING), 900);
  }

  receive(message) {
    clearTimeout(this.working);
    super.receive(message);
  }

  /** @param {FigureMessage} message */
  show(message) {
    this.pending = { ...message, run: this.data.run };
    this.draw();
  }

  // The newest message once more, in a type of another size.
  again() {
    this.pending ??= this.last ?? null;
    this.draw();
  }

  async draw() {
    if (this.busy || !this.pending || document.hidden) return;
    this.busy = true;
    const Plotly = await this.ready;
    try {
      while (Plotly && this.pending && !this.gone) {
        const { figure: plain, step, run, says } = this.pending;
        this.last = this.pending;
        this.pending = null;
        // what the numbers say, under the picture; its place is made before the picture is drawn
        this.says.textContent = says ?? "";
        this.says.hidden = !says;
        if (this.other) this.plot.style.minHeight = `calc(${LEAST} * ${this.data.height})`;
        this.other = false;
        await nextFrame();
        if (this.gone) break;
        const figure = this.fitted(plain);
        this.titles = titlesOf(figure);
        await this.redraw(Plotly, figure);
        if (this.gone) break;
        if (!this.drawn) this.listen();
        this.timeAxes = figure.layout.meta?.time ?? [];
        this.drew(step, run);
        this.home.setAttribute("aria-label", figure.layout.meta?.alt ?? t("Figure"));
        this.settle();
        if (this.time !== undefined) this.showTime({ time: this.time });
      }
    } finally {
      this.busy = false;
    }
  }

  // A figure as it is drawn in the room that there is.
  fitted(plain) {
    const { clientWidth, clientHeight } = this.plot;
    const sized = presenting() ? enlarged(plain, clientHeight) : plain;
    return inRoom(sized, clientWidth, clientHeight);
  }

  async redraw(Plotly, figure) {
    // what stands still, and in what room; written down before Plotly adds to the figure
    const steady = still(figure);
    const frame = steady && `${this.plot.clientWidth} ${this.plot.clientHeight} ${steady}`;
    const whole = { ...figure.layout, autosize: true };
    if (frame && frame === this.frame) {
      await Plotly.react(this.plot, figure.data, linesOnly(this.plot, whole));
      if (!this.gone) renote(this.plot, figure.layout);
    } else {
      // the configuration once: Plotly would compare it with the old one at every picture
      await Plotly.react(this.plot, figure.data, whole, this.drawn ? undefined : CONFIG);
    }
    this.frame = frame;
    if (language === "en") return;
    // longer words below the picture and above it have left too little between its panels
    const lacking = leastArea(figure) - this.plot._fullLayout._size.h;
    if (lacking > 1) this.plot.style.minHeight = `${Math.ceil(this.plot.clientHeight + lacking)}px`;
  }

  listen() {
    const tell = (name, detail) => window.dispatchEvent(new CustomEvent(name, { detail }));
    this.plot.on("plotly_hover", (event) => {
      const { x, y, xaxis } = event.points[0];
      if (xaxis && xaxis === this.timeAxis()) tell("rnnviz:time", { time: x });
      if (this.data.points) tell("rnnviz:row", { row: y });
    });
    this.plot.on("plotly_unhover", () => this.timeAxis() && tell("rnnviz:time", {}));
    this.plot.on("plotly_relayout", () => this.showTime({ time: this.time }));
  }

  // The axis along which time goes, as Plotly has it; none where panels beside each other have
  // one each.
  timeAxis() {
    return this.timeAxes.length === 1 ? this.plot._fullLayout?.[this.timeAxes[0]] : undefined;
  }

  // The time step under the pointer, marked in every figure that has a time axis.
  showTime({ time }) {
    this.time = time;
    const axis = this.timeAxis();
    if (axis && typeof time === "number") {
      const at = axis._offset + axis.l2p(time);
      const inside = at >= axis._offset && at <= axis._offset + axis._length;
      const size = this.plot._fullLayout._size;
      this.mark.style.transform = `translateX(${Math.round(at)}px)`;
      this.mark.style.top = `${size.t}px`;
      this.mark.style.height = `${size.h}px`;
      this.mark.hidden = !inside;
    } else {
      this.mark.hidden = true;
    }
  }

  resize() {
    if (!this.drawn || this.resizing) return;
    this.resizing = requestAnimationFrame(() => {
      this.resizing = null;
      if (this.gone || !this.home.offsetWidth) return;
      if (titlesOf(this.fitted(this.last.figure)) === this.titles) {
        window.Plotly.Plots.resize(this.plot);
      } else {
        this.again(); // in other lines
      }
    });
  }

  destroy() {
    super.destroy();
    clearTimeout(this.working);
    this.menu?.destroy();
    this.resizer.disconnect();
    window.removeEventListener("rnnviz:time", this.onTime);
    window.removeEventListener("rnnviz:row", this.onRow);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("rnnviz:present", this.onPresent);
    window.Plotly?.purge(this.plot);
  }
}

export function mount({ data, parentElement }) {
  const [figure, end] = lasting(parentElement, (home) => new Figure(home, data.base));
  figure.update(data, themeOf(parentElement));
  return end;
}
