// The transport bar: how the run is doing, and a time bar over training like a video player's:
// filled as far as the run has come, the handle at the step that the figures show.
import { addressOf } from "./address.js";
import { nearest, stepped } from "./kept_steps.js";
import { LOST, WORKING } from "./live_view.js";
import { named } from "./dom.js";
import { duration, number as written } from "./numbers.js";
import { Orders, nextOf, orderOf } from "./orders.js";
import { Feed, lasting } from "./socket.js";
import { t } from "./words.js";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * How a run, or a study, is doing. What is not known, or is not one's own, is null or missing.
 * @typedef {object} Status
 * @property {string} state only written down, never read here
 * @property {string} says how it stands, in words
 * @property {boolean} begun whether there is a run
 * @property {boolean} trains
 * @property {boolean} going whether it trains, or will without being asked again
 * @property {boolean} waits whether it can go on
 * @property {boolean} ended whether it was trained to its last step
 * @property {number} step
 * @property {number} steps
 * @property {number[]} checkpoints the kept steps
 * @property {number | null} [loss]
 * @property {number | null} [metric]
 * @property {string} [metric_title]
 * @property {string} [metric_unit]
 * @property {number | null} [rate] steps a second
 * @property {number | null} [left] seconds
 * @property {number} [runs] of a study, as the next three
 * @property {number} [done]
 * @property {number} [diverged]
 * @property {number} [share] of all its steps, 0 to 1
 */

class Transport {
  constructor(home) {
    this.home = home;
    this.words = home.querySelector(".rnnviz-words");
    this.figures = home.querySelector(".rnnviz-figures");
    this.range = home.querySelector("input");
    this.shown = home.querySelector("output");
    this.back = home.querySelector("[data-back]");
    this.group = home.querySelector(".rnnviz-orders");
    this.buttons = Object.fromEntries(
      [...this.group.children].map((button) => [button.dataset.order, button]),
    );
    const said = { once: t("Step"), stop: t("Stop"), reset: t("Reset") };
    for (const [name, word] of Object.entries(said)) {
      this.buttons[name].querySelector("span").textContent = word;
    }
    this.buttons.train.querySelector("kbd").textContent = t("Space");
    this.back.textContent = t("Back to newest");
    named(home, {
      ".rnnviz-orders": t("Training"),
      "input[type=range]": t("Look back in training: the step that the figures show"),
    });
    for (const [name, button] of Object.entries(this.buttons)) {
      button.addEventListener("click", () => this.order(name));
    }
    this.onKey = (event) => this.key(event);
    window.addEventListener("keydown", this.onKey);
    this.step = null;
    this.feed = new Feed(
      (message) => this.receive(message),
      (state) => this.connection(state),
    );
    this.orders = new Orders(this.feed, (sentence) => this.refuse(sentence));
    this.range.addEventListener("input", () => {
      this.look(nearest(this.status?.checkpoints ?? [], Number(this.range.value)));
    });
    this.range.addEventListener("change", () => this.keep());
    this.range.addEventListener("keydown", (event) => this.walk(event));
    this.back.addEventListener("click", () => this.lookAt(null));
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
    this.orders.watch(data);
    this.feed.watch(addressOf(data), null);
    this.tune();
    clearTimeout(this.working);
    if (this.status) this.show();
    else {
      this.showOrders();
      this.working = setTimeout(() => (this.words.textContent ||= WORKING), 900);
    }
  }

  receive(message) {
    if ("ordered" in message) {
      this.orders.answered(message);
      return;
    }
    if (message.error) {
      this.words.textContent = message.error;
      return;
    }
    clearTimeout(this.working);
    /** @type {Status} */
    const status = message.status;
    if (!status.trains) this.ending = undefined;
    this.status = status;
    this.home.dataset.state = status.state;
    this.home.dataset.step = status.step;
    this.tune();
    this.show();
  }

  // The rate in the form is that of a run in training, at once; one that waits gets it later.
  tune() {
    if (this.status?.going) this.orders.tune();
  }

  // Tell the server; what a run in training is asked for is said until it is done.
  order(name) {
    const what = name === "train" ? nextOf(this.data, this.status) : name;
    if (this.buttons[name].disabled) return;
    const endings = {
      stop: t("Stopping after this step …"),
      pause: t("Pausing after this step …"),
    };
    this.ending = endings[what];
    if (this.ending && this.status) this.show();
    const order = orderOf(what, this.data, this.status);
    if (!order) {
      this.setTriggerValue(what, Date.now());
      return;
    }
    this.orders.give(order);
    const goesOn = order.order === "resume" || order.order === "step";
    if (goesOn && this.step !== null) this.lookAt(null);
  }

  // The page says why, and is drawn again: it may be out of date.
  refuse(sentence) {
    this.ending = undefined;
    if (this.status) this.show();
    this.setTriggerValue("refused", sentence);
  }

  key(event) {
    if (!this.data?.orders || event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
      return;
    }
    const busy = event.target.closest?.(
      "input, textarea, select, [contenteditable], [role=slider]",
    );
    const own = event.key === " " && event.target.closest?.("button, a, summary, [role=radio]");
    const name = { " ": "train", s: "once", x: "stop", n: "reset" }[event.key.toLowerCase()];
    if (!name || busy || own || this.buttons[name].hidden) return;
    event.preventDefault();
    this.order(name);
  }

  showOrders() {
    const next = nextOf(this.data, this.status);
    const { train, once, stop, reset } = this.buttons;
    this.group.hidden = !this.data.orders;
    train.disabled = once.disabled = !this.status;
    stop.disabled = next !== "pause";
    reset.disabled = this.data.run === "draft";
    once.hidden = Boolean(this.data.study);
    train.dataset.next = next;
    const word = {
      train: this.data.study ? t("Train all") : t("Train"),
      resume: t("Resume"),
      pause: t("Pause"),
    }[next];
    const span = train.querySelector("span");
    if (span.textContent !== word) span.textContent = word;
  }

  show() {
    this.showOrders();
    const {
      says,
      begun,
      trains,
      going,
      step,
      steps,
      rate,
      left,
      loss,
      metric,
      metric_title,
      metric_unit,
    } = this.status;
    let words = says;
    if (going && this.data.orders && this.data.mine && this.data.same === false) {
      words = t("Changed settings count for the next run");
    }
    if (this.ending && trains) words = this.ending;
    this.words.textContent = words;
    const { runs, done, diverged, share } = this.status;
    const counted = { done: number.format(done ?? 0), all: number.format(runs ?? 0) };
    const parts = begun ? [[t("step"), `${number.format(step)} / ${number.format(steps)}`]] : [];
    if (runs) parts.splice(0, 1, [t("runs"), t("{done} of {all}", counted)]);
    if (diverged) parts.push([t("diverged"), number.format(diverged)]);
    if (rate) parts.push([t("steps/s"), number.format(rate)]);
    if (left) parts.push([t("left"), duration(left)]);
    const newest = this.step === null; // these two are the newest step's
    if (newest && loss !== null && loss !== undefined) {
      parts.push([this.data.changed ? t("loss before your change") : t("loss"), written(loss, 3)]);
    }
    if (newest && metric !== null && metric !== undefined) {
      parts.push(["", `${metric.toFixed(1)}${metric_unit === "%" ? " %" : ""}`, metric_title]);
    }
    this.figures.replaceChildren(...parts.map((part) => pair(...part)));
    this.range.max = steps;
    const looks = this.data.slider !== false; // or it only shows how far all is
    this.range.disabled = !looks || !this.status.checkpoints.length;
    const at = this.step ?? step;
    this.range.value = looks ? at : steps * (share ?? 0);
    const reached = 100 * (share ?? (steps ? step / steps : 0));
    this.home.style.setProperty("--reached", `${reached}%`);
    this.back.hidden = this.step === null;
    this.shown.textContent =
      this.step === null
        ? trains
          ? t("live")
          : t("newest")
        : t("step {step}", { step: number.format(this.step) });
    this.range.setAttribute("aria-valuetext", this.shown.textContent);
  }

  // An arrow key goes to the next kept step, however far away that is.
  walk(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const kept = this.status?.checkpoints ?? [];
    if (!by || !kept.length) return;
    event.preventDefault();
    this.lookAt(stepped(kept, this.step, by));
  }

  lookAt(step) {
    this.look(step);
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
    if (state === "lost") this.words.textContent = LOST;
    else this.orders.opened();
  }

  destroy() {
    clearTimeout(this.working);
    window.removeEventListener("keydown", this.onKey);
    this.orders.close();
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

export function mount(component) {
  const [transport, end] = lasting(component.parentElement, (home) => new Transport(home));
  transport.update(component);
  return end;
}
