// The transport bar: how the run is doing, and a time bar over training like a video player's:
// filled as far as the run has come, the handle at the step that the figures show.
import { Feed, lasting } from "./socket.js";

const WORDS = {
  new: "Not trained yet. Press Train, or look at the untrained network.",
  queued: "Waiting for a free worker",
  running: "",
  paused: "Paused",
  stopped: "Stopped",
  finished: "Finished",
  all: "Not trained yet. Press Train all: each cell learns the same, from several seeds.",
  failed: "Ended early",
  interrupted: "Interrupted",
};

const WORKING = "Working: a large network or a long sequence takes some seconds …";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

class Transport {
  constructor(home) {
    this.home = home;
    this.words = home.querySelector(".rnnviz-words");
    this.figures = home.querySelector(".rnnviz-figures");
    this.range = home.querySelector("input");
    this.shown = home.querySelector("output");
    this.back = home.querySelector("[data-back]");
    this.orders = home.querySelector(".rnnviz-orders");
    this.buttons = Object.fromEntries(
      [...this.orders.children].map((button) => [button.dataset.order, button]),
    );
    for (const [name, button] of Object.entries(this.buttons)) {
      button.addEventListener("click", () => this.order(name));
    }
    this.onKey = (event) => this.key(event);
    window.addEventListener("keydown", this.onKey);
    this.step = null;
    this.feed = new Feed((message) => this.receive(message), (state) => this.connection(state));
    this.range.addEventListener("input", () => this.look(this.nearest(Number(this.range.value))));
    this.range.addEventListener("change", () => this.keep());
    this.range.addEventListener("keydown", (event) => this.walk(event));
    this.back.addEventListener("click", () => {
      this.look(null);
      this.keep();
    });
  }

  update({ data, setStateValue, setTriggerValue }) {
    const fresh = data.run !== this.data?.run;
    this.data = data;
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    if (fresh) {
      this.status = null;
      this.step = data.step ?? null;
    }
    this.feed.watch(`${data.base}/live/${encodeURIComponent(data.run)}/${data.view}?${new URLSearchParams(data.query)}`, null);
    clearTimeout(this.working);
    if (this.status) this.show();
    else {
      this.showOrders();
      this.working = setTimeout(() => (this.words.textContent ||= WORKING), 900);
    }
  }

  receive(message) {
    if (message.error) {
      this.words.textContent = message.error;
      return;
    }
    clearTimeout(this.working);
    const status = message.status;
    if (status.state !== "running") this.ending = undefined;
    this.status = status;
    this.home.dataset.state = status.state;
    this.home.dataset.step = status.step;
    this.show();
  }

  // What the first button does next, by the run's state and whose it is.
  next() {
    const state = this.status?.state ?? "new";
    if (this.data.mine && (state === "queued" || state === "running")) return "pause";
    const waits = ["paused", "stopped", "interrupted"].includes(state);
    return this.data.mine && this.data.same && waits ? "resume" : "train";
  }

  // Tell the server; until the run answers, the button stays pressed and cannot be pressed again.
  order(name) {
    const what = name === "train" ? this.next() : name;
    if (this.buttons[name].disabled) return;
    this.ending = { stop: "Stopping after this step …", pause: "Pausing after this step …" }[what];
    if (this.ending && this.status) this.show();
    this.setTriggerValue(what, Date.now());
  }

  key(event) {
    if (!this.data?.orders || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const busy = event.target.closest?.("input, textarea, select, [contenteditable], [role=slider]");
    const own = event.key === " " && event.target.closest?.("button, a, summary, [role=radio]");
    const name = { " ": "train", s: "once", x: "stop", n: "reset" }[event.key.toLowerCase()];
    if (!name || busy || own || this.buttons[name].hidden) return;
    event.preventDefault();
    this.order(name);
  }

  showOrders() {
    const next = this.next();
    const { train, once, stop, reset } = this.buttons;
    this.orders.hidden = !this.data.orders;
    train.disabled = once.disabled = !this.status;
    stop.disabled = next !== "pause";
    reset.disabled = this.data.run === "draft";
    once.hidden = Boolean(this.data.study);
    train.dataset.next = next;
    const word = { train: this.data.study ? "Train all" : "Train", resume: "Resume", pause: "Pause" }[next];
    const span = train.querySelector("span");
    if (span.textContent !== word) span.textContent = word;
  }

  show() {
    this.showOrders();
    const { state, reason, step, steps, rate, left, loss, metric, metric_title, metric_unit, place } = this.status;
    let words = WORDS[state === "new" && this.data.study ? "all" : state] ?? state;
    if (state === "queued" && place) words += `, place ${place} in line`;
    if (reason && state !== "running") words += `: ${reason}`;
    const going = state === "running" || state === "queued";
    if (going && this.data.orders && this.data.mine && this.data.same === false) {
      words = "Changed settings count for the next run";
    }
    if (this.ending && state === "running") words = this.ending;
    this.words.textContent = words;
    const { runs, done, diverged, share } = this.status;
    const parts = state === "new" ? [] : [["step", `${number.format(step)} / ${number.format(steps)}`]];
    if (runs) parts.splice(0, 1, ["runs", `${number.format(done)} of ${number.format(runs)}`]);
    if (diverged) parts.push(["diverged", number.format(diverged)]);
    if (rate) parts.push(["steps/s", number.format(rate)]);
    if (left) parts.push(["left", duration(left)]);
    const newest = this.step === null; // these two are the newest step's
    if (newest && loss !== null && loss !== undefined) parts.push([this.data.changed ? "loss, unchanged" : "loss", short(loss)]);
    if (newest && metric !== null && metric !== undefined) parts.push(["", `${metric.toFixed(1)}${metric_unit === "%" ? " %" : ""}`, metric_title]);
    this.figures.replaceChildren(...parts.map((part) => pair(...part)));
    this.range.max = steps;
    const looks = this.data.slider !== false; // or it only shows how far all is
    this.range.disabled = !looks || !this.status.checkpoints.length;
    const at = this.step ?? step;
    this.range.value = looks ? at : steps * (share ?? 0);
    const reached = 100 * (share ?? (steps ? step / steps : 0));
    this.home.style.setProperty("--reached", `${reached}%`);
    this.back.hidden = this.step === null;
    this.shown.textContent = this.step === null ? (state === "running" ? "live" : "newest") : `step ${number.format(this.step)}`;
    this.range.setAttribute("aria-valuetext", this.shown.textContent);
  }

  // The kept checkpoint nearest to a step.
  nearest(step) {
    const kept = this.status?.checkpoints ?? [];
    if (!kept.length) return null;
    if (step >= kept[kept.length - 1]) return null; // beyond the last: follow
    let best = kept[0];
    for (const each of kept) if (Math.abs(each - step) < Math.abs(best - step)) best = each;
    return best;
  }

  // An arrow key goes to the next kept step, however far away that is.
  walk(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const kept = this.status?.checkpoints ?? [];
    if (!by || !kept.length) return;
    event.preventDefault();
    const at = this.step === null ? kept.length - 1 : kept.findLastIndex((each) => each <= this.step);
    const next = Math.max(0, at + by);
    this.look(next >= kept.length - 1 ? null : kept[next]);
    this.keep();
  }

  look(step) {
    this.step = step;
    if (this.status) this.show();
    window.dispatchEvent(new CustomEvent("rnnviz:step", { detail: { run: this.data.run, step } }));
  }

  keep() {
    this.setStateValue("step", this.step);
  }

  connection(state) {
    if (state === "lost") this.words.textContent = "The connection is lost; trying again …";
  }

  destroy() {
    clearTimeout(this.working);
    window.removeEventListener("keydown", this.onKey);
    this.feed.close();
  }
}

function pair(name, value, title = "") {
  const item = document.createElement("span");
  item.title = title;
  const strong = document.createElement("b");
  strong.textContent = value;
  item.append(strong, ` ${name}`);
  return item;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function short(value) {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 0.001 && Math.abs(value) < 1000 ? value.toPrecision(3) : value.toExponential(1);
}

export function mount(component) {
  const [transport, end] = lasting(component.parentElement, (home) => new Transport(home));
  transport.update(component);
  return end;
}
