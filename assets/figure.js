// The figure component: draws what the server sends with Plotly.react, never a remount.
import { enlarged, presenting } from "./enlarge.js";
import { Menu } from "./menu.js";
import { Feed, lasting, themeOf } from "./socket.js";
import { linesOnly, renote, still } from "./steady.js";

let plotly;

function load(base) {
  plotly ??= new Promise((done, failed) => {
    if (window.Plotly) return done(window.Plotly);
    const script = document.createElement("script");
    script.src = `${base}/plotly/plotly.min.js`;
    script.onload = () => done(window.Plotly);
    script.onerror = () => failed(new Error("plotly.js did not load"));
    document.head.append(script);
  });
  return plotly;
}

// Figures whose messages come together are drawn in one frame, so the page is laid out once.
const TOGETHER = 5; // ms to wait for the others
let frame = null;

function nextFrame() {
  frame ??= new Promise((done) => setTimeout(() => requestAnimationFrame(done), TOGETHER)).then(() => {
    frame = null;
  });
  return frame;
}

const WORKING = "Working: a large network or a long sequence takes some seconds …";
const BUTTONS_OUT = ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "toImage"];
const CONFIG = {
  displaylogo: false,
  displayModeBar: "hover",
  modeBarButtonsToRemove: BUTTONS_OUT,
  showSendToCloud: false,
  doubleClick: "reset",
};

export class Figure {
  constructor(home, base) {
    this.home = home;
    this.drawn = 0;
    this.pending = null;
    this.busy = false;
    this.note = home.querySelector(".rnnviz-note");
    this.plot = home.querySelector(".rnnviz-plot");
    this.mark = home.querySelector(".rnnviz-mark");
    this.says = home.querySelector(".rnnviz-says");
    this.feed = new Feed((message) => this.receive(message), (state) => this.connection(state));
    this.ready = load(base).catch((error) => this.say(error.message));
    if (!home.dataset.embedded) this.menu = new Menu(home, () => this.shown());
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(home);
    this.resizer.observe(this.plot); // the words below it may take another line
    this.onTime = (event) => this.showTime(event.detail);
    this.onStep = (event) => this.follow(event.detail);
    this.onRow = (event) => this.data?.pointed && this.feed.point(event.detail.row);
    this.onVisible = () => this.draw();
    this.onPresent = () => this.again();
    window.addEventListener("rnnviz:time", this.onTime);
    window.addEventListener("rnnviz:step", this.onStep);
    window.addEventListener("rnnviz:row", this.onRow);
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("rnnviz:present", this.onPresent);
  }

  // What is on screen, for the menu that exports it.
  shown() {
    const step = { chosen: this.step, shown: this.home.dataset.step };
    return { ...this.data, theme: this.theme, step, at: this.feed.at, plot: this.plot };
  }

  update(data, theme) {
    this.data = data;
    this.theme = theme;
    this.home.style.height = data.height;
    const query = new URLSearchParams({ ...data.query, theme });
    const path = `${data.base}/${data.route ?? "live"}/${encodeURIComponent(data.run)}/${data.view}?${query}`;
    if (this.step === undefined || data.step !== this.given) this.step = data.step ?? null;
    this.given = data.step;
    if (path !== this.feed.address) {
      this.waiting = setTimeout(() => this.home.classList.add("rnnviz-waiting"), 300);
      clearTimeout(this.working);
      this.working = setTimeout(() => this.drawn || this.say(WORKING), 900);
    }
    this.feed.watch(path, this.step);
  }

  follow({ run, step }) {
    if (!this.data || run !== this.data.run) return;
    this.step = step;
    this.feed.watch(this.feed.address, step);
  }

  receive(message) {
    clearTimeout(this.working);
    if (message.error) return this.say(message.error);
    this.say("");
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
        const figure = presenting() ? enlarged(plain, this.plot.clientHeight) : plain;
        this.last = this.pending;
        this.pending = null;
        // what the numbers say, under the picture; its place is made before the picture is drawn
        this.says.textContent = says ?? "";
        this.says.hidden = !says;
        await nextFrame();
        if (this.gone) break;
        await this.redraw(Plotly, figure);
        if (this.gone) break;
        if (!this.drawn) this.listen();
        this.drawn += 1;
        this.home.dataset.drawn = this.drawn;
        this.home.dataset.step = step;
        this.home.dataset.run = run;
        this.home.setAttribute("aria-label", figure.layout.meta?.alt ?? "Figure");
        clearTimeout(this.waiting);
        this.home.classList.remove("rnnviz-waiting");
        if (this.time !== undefined) this.showTime({ time: this.time });
      }
    } finally {
      this.busy = false;
    }
  }

  async redraw(Plotly, figure) {
    // what stands still, and in what room; written down before Plotly adds to the figure
    const steady = still(figure);
    const frame = steady && `${this.plot.clientWidth} ${this.plot.clientHeight} ${steady}`;
    const whole = { ...figure.layout, autosize: true };
    if (frame && frame === this.frame) {
      await Plotly.react(this.plot, figure.data, linesOnly(this.plot, whole));
      if (!this.gone) renote(this.plot, figure.layout.title?.text);
    } else {
      // the configuration once: Plotly would compare it with the old one at every picture
      await Plotly.react(this.plot, figure.data, whole, this.drawn ? undefined : CONFIG);
    }
    this.frame = frame;
  }

  listen() {
    if (!this.data.time) return;
    const tell = (time) => window.dispatchEvent(new CustomEvent("rnnviz:time", { detail: { time } }));
    this.plot.on("plotly_hover", (event) => {
      const { x, y } = event.points[0];
      tell(x);
      if (this.data.points) window.dispatchEvent(new CustomEvent("rnnviz:row", { detail: { row: y } }));
    });
    this.plot.on("plotly_unhover", () => tell(undefined));
    this.plot.on("plotly_relayout", () => this.showTime({ time: this.time }));
  }

  // The time step under the pointer, marked in every figure that has a time axis.
  showTime({ time }) {
    this.time = time;
    const axis = this.plot._fullLayout?.xaxis;
    const shown = this.data?.time && axis && typeof time === "number";
    if (shown) {
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
      if (!this.gone && this.home.offsetWidth) window.Plotly.Plots.resize(this.plot);
    });
  }

  connection(state) {
    if (state === "lost") this.say("The connection is lost; trying again …");
    else this.say("");
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.working);
    this.menu?.destroy();
    this.feed.close();
    this.resizer.disconnect();
    window.removeEventListener("rnnviz:time", this.onTime);
    window.removeEventListener("rnnviz:step", this.onStep);
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
