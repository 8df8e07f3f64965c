// A time bar: the probe's symbols and every signal's course, played, stepped and scrubbed.
import { named } from "./dom.js";
import { decades } from "./numbers.js";
import { t } from "./words.js";

const PLAY = "M4 2.5v11L13 8z";
const PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";
const REST = 400; // milliseconds after which a time step is written into the address

export class TimeBar {
  constructor(home, onTime) {
    this.home = home;
    this.onTime = onTime;
    this.t = Number(new URLSearchParams(location.search).get("t")) || 0;
    this.strip = home.querySelector(".rnnviz-strip");
    this.canvas = home.querySelector("canvas");
    this.range = home.querySelector("input[type=range]");
    this.marker = home.querySelector(".rnnviz-now");
    this.readout = home.querySelector(".rnnviz-readout");
    this.said = home.querySelector(".rnnviz-said");
    this.speed = home.querySelector("select");
    this.buttons = Object.fromEntries(
      [...home.querySelectorAll("button[data-do]")].map((button) => [button.dataset.do, button]),
    );
    named(home, {
      ".rnnviz-time": t("Time"),
      "[data-do=first]": t("First time step"),
      "[data-do=back]": t("One step back"),
      "[data-do=play]": t("Play"),
      "[data-do=next]": t("One step on"),
      "[data-do=last]": t("Last time step"),
      "input[type=range]": t("Time step"),
    });
    home.querySelector(".rnnviz-keys label").prepend(t("steps a second"));
    for (const [name, button] of Object.entries(this.buttons)) {
      button.addEventListener("click", () => this.act(name));
    }
    this.range.addEventListener("input", () => this.move(Number(this.range.value)));
    this.strip.addEventListener("pointerdown", (event) => this.grab(event));
    this.strip.addEventListener(
      "pointermove",
      (event) => this.held === event.pointerId && this.scrub(event),
    );
    for (const name of ["pointerup", "pointercancel"]) {
      this.strip.addEventListener(name, () => (this.held = null));
    }
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.resizer = new ResizeObserver(() => this.draw());
    this.resizer.observe(this.strip);
  }

  load(course, gradient) {
    this.course = course;
    this.gradient = gradient;
    this.range.max = course.steps - 1;
    this.draw();
    this.move(Math.min(this.t, course.steps - 1), true);
  }

  act(name) {
    const last = this.course ? this.course.steps - 1 : 0;
    if (name === "play") return this.playing ? this.pause() : this.play();
    this.pause();
    this.move({ first: 0, back: this.t - 1, next: this.t + 1, last }[name]);
  }

  play() {
    if (!this.course) return;
    if (this.t >= this.course.steps - 1) this.move(0);
    const tick = () => {
      this.playing = setTimeout(tick, 1000 / Number(this.speed.value));
      this.move(this.t + 1);
      if (this.t >= this.course.steps - 1) this.pause();
    };
    this.playing = setTimeout(tick, 1000 / Number(this.speed.value));
    this.show();
  }

  pause() {
    clearTimeout(this.playing);
    this.playing = null;
    this.show();
  }

  show() {
    const { play } = this.buttons;
    play.querySelector("path").setAttribute("d", this.playing ? PAUSE : PLAY);
    play.setAttribute("aria-label", this.playing ? t("Pause") : t("Play"));
  }

  grab(event) {
    if (event.button !== 0) return;
    this.held = event.pointerId;
    this.strip.setPointerCapture(event.pointerId);
    this.pause();
    this.range.focus({ preventScroll: true });
    event.preventDefault();
    this.box = this.strip.getBoundingClientRect();
    this.scrub(event);
  }

  scrub(event) {
    const across = (event.clientX - this.box.left - this.gutter) / (this.box.width - this.gutter);
    this.move(Math.floor(across * this.course.steps));
  }

  move(time, again = false) {
    if (!this.course) return;
    const to = Math.max(0, Math.min(this.course.steps - 1, time));
    if (to === this.t && !again) return;
    this.t = to;
    if (Number(this.range.value) !== to) this.range.value = to;
    const label = this.course.labels[to] ?? "";
    this.readout.textContent = t("t = {time} of {last}", { time: to, last: this.course.steps - 1 });
    const at = { time: to, symbol: label };
    this.range.setAttribute(
      "aria-valuetext",
      label ? t("time step {time}, input {symbol}", at) : t("time step {time}", at),
    );
    this.marker.style.transform = `translateX(${this.gutter + to * this.cell}px)`;
    this.onTime(to);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST);
  }

  // When time stands: say it, write it into the address, and tell the other figures.
  rest() {
    const time = this.t;
    this.said.textContent = this.playing ? "" : this.range.getAttribute("aria-valuetext");
    const address = new URL(location.href);
    if (time) address.searchParams.set("t", time);
    else address.searchParams.delete("t");
    if (address.href !== location.href) history.replaceState(history.state, "", address);
    window.dispatchEvent(new CustomEvent("rnnviz:time", { detail: { time } }));
  }

  // Space plays and the arrows step, unless a control that uses them has the focus.
  key(event) {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.altKey ||
      event.metaKey ||
      event.shiftKey
    ) {
      return;
    }
    const { target, key } = event;
    const actions = {
      " ": "play",
      ArrowLeft: "back",
      ArrowRight: "next",
      Home: "first",
      End: "last",
    };
    if (!(key in actions) || !this.course) return;
    const button = target.closest?.("button");
    const mine = this.home.contains(target);
    const taken = target.closest?.(
      "input, select, textarea, button, a, [contenteditable], [role], " +
        "[tabindex]:not([tabindex='-1'])",
    );
    if (
      target === this.range
        ? key !== " "
        : mine && button
          ? key === " "
          : taken && taken !== document.body
    ) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.act(actions[key]);
  }

  draw() {
    const { course, canvas } = this;
    const width = this.strip.clientWidth;
    if (!course || !width) return;
    const { palette, steps, labels } = course;
    const rows = Object.entries(course.symbols).filter(([signal]) => signal !== "input");
    const tall = window.innerHeight > 800 ? 12 : 9; // pixels of one signal's stripe
    this.gutter = 26;
    this.cell = (width - this.gutter) / steps;
    const longest = Math.max(0, ...labels.map((label) => label.length));
    const lying = longest * 7.2 <= this.cell;
    const text = longest && this.cell >= 10;
    const head = text ? (lying ? 20 : Math.min(46, longest * 7.4 + 6)) : 8;
    const height = head + rows.length * (tall + 1);
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    this.strip.style.height = `${height}px`;
    this.marker.style.width = `${Math.max(2, this.cell)}px`;
    this.marker.style.transform = `translateX(${this.gutter + this.t * this.cell}px)`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.textBaseline = "middle";
    if (text) this.write(pen, labels, head, lying);
    rows.forEach(([signal, letter], row) => {
      const top = head + row * (tall + 1);
      pen.globalAlpha = 1;
      pen.font = "italic 600 12px Inter, sans-serif";
      pen.textAlign = "left";
      pen.fillStyle = palette[`${signal}-text`];
      pen.fillText((this.gradient ? "δ" : "") + letter, 4, top + tall / 2);
      const series = course.shown[this.gradient ? `gradient.${signal}` : signal];
      const signed = this.gradient || !course.logistic.includes(signal);
      for (let time = 0; time < steps; time += 1) {
        const value = series[time];
        const share = this.gradient
          ? decades(value, course.top)
          : Math.abs(value) / course.reach[signal];
        pen.globalAlpha = Math.min(1, share) || 0;
        pen.fillStyle = signed ? palette[value < 0 ? "negative" : "positive"] : palette[signal];
        const left = this.gutter + time * this.cell;
        pen.fillRect(left, top, Math.max(1, this.cell - (this.cell > 6 ? 1 : 0)), tall);
      }
    });
  }

  write(pen, labels, head, lying) {
    pen.font = "12px Inter, sans-serif";
    pen.fillStyle = this.course.palette.ink;
    labels.forEach((label, time) => {
      const middle = this.gutter + (time + 0.5) * this.cell;
      pen.save();
      pen.translate(middle, lying ? head / 2 : head - 4);
      if (!lying) pen.rotate(-Math.PI / 2);
      pen.textAlign = lying ? "center" : "left";
      pen.fillText(label, 0, 0);
      pen.restore();
    });
  }

  destroy() {
    this.pause();
    clearTimeout(this.resting);
    this.resizer.disconnect();
    document.removeEventListener("keydown", this.onKey);
  }
}
