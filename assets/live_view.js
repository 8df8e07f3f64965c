// A component that shows a view of a run: which, at which step, and what it says when there is
// nothing to draw. What is drawn is its own: a class on this one has `show` and may have `refused`.
import { addressOf } from "./address.js";
import { Feed } from "./socket.js";
import { t } from "./words.js";

export const LOST = t("The connection is lost; trying again …");
export const WORKING = t("Working: a large network or a long sequence takes some seconds …");
const PATIENCE = 300; // milliseconds before what is out of date fades

export class LiveView {
  constructor(home) {
    this.home = home;
    this.note = home.querySelector(".rnnviz-note");
    this.drawn = 0;
    this.feed = new Feed(
      (message) => this.receive(message),
      (state) => this.say(state === "lost" ? LOST : ""),
    );
    this.onStep = ({ detail }) => this.follow(detail);
    window.addEventListener("rnnviz:step", this.onStep);
  }

  /**
   * Show what the page asks for; it may ask for the same again.
   * @param {import("./address.js").Shown} data
   * @param {string} theme "light" or "dark"
   */
  update(data, theme) {
    // The page's step counts once: what the transport bar has said since is newer.
    if (!this.data || data.step !== this.data.step) this.step = data.step ?? null;
    this.data = data;
    this.theme = theme;
    const path = addressOf(data, theme);
    if (path !== this.feed.address) this.wait();
    this.feed.watch(path, this.step);
  }

  // The step that the transport bar of this run is set to; null is the newest.
  follow({ run, step }) {
    if (!this.data || run !== this.data.run) return;
    this.step = step;
    this.feed.watch(this.feed.address, step);
  }

  /** @param {{error?: string} & Record<string, any>} message a sentence, or what is shown */
  receive(message) {
    this.say(message.error ?? "");
    if (!message.error) return this.show(message);
    this.home.ariaBusy = null;
    this.refused();
  }

  refused() {}

  // What is on screen is no longer what is asked for.
  wait() {
    clearTimeout(this.waiting);
    this.home.ariaBusy = "true";
    this.waiting = setTimeout(() => this.home.classList.add("rnnviz-waiting"), PATIENCE);
  }

  // It is again.
  settle() {
    clearTimeout(this.waiting);
    this.home.classList.remove("rnnviz-waiting");
    this.home.ariaBusy = null;
  }

  // Count what was drawn, and write down what it shows.
  drew(step, run = this.data.run) {
    this.drawn += 1;
    Object.assign(this.home.dataset, { drawn: this.drawn, step, run });
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.waiting);
    this.feed.close();
    window.removeEventListener("rnnviz:step", this.onStep);
  }
}
