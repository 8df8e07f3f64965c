// What the text components share: a view that follows a run, and cells of text.
import { Feed } from "./socket.js";

export class View {
  constructor(home) {
    this.home = home;
    this.note = home.querySelector(".rnnviz-note");
    this.feed = new Feed((message) => this.receive(message), (state) => this.say(state === "lost" ? "The connection is lost; trying again …" : ""));
    this.onStep = ({ detail }) => this.follow(detail);
    this.onVisible = () => this.later();
    window.addEventListener("rnnviz:step", this.onStep);
    document.addEventListener("visibilitychange", this.onVisible);
  }

  update(data, theme, set) {
    this.data = data;
    this.given(data, set);
    if (data.height) this.home.style.setProperty("--height", data.height);
    const query = new URLSearchParams({ ...data.query, theme });
    const path = `${data.base}/live/${encodeURIComponent(data.run)}/${data.view}?${query}`;
    if (this.step === undefined || data.step !== this.known) this.step = data.step ?? null;
    this.known = data.step;
    if (path !== this.feed.address) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.home.classList.add("rnnviz-waiting"), 300);
    }
    this.feed.watch(path, this.step);
  }

  given() {}

  follow({ run, step }) {
    if (!this.data || run !== this.data.run) return;
    this.step = step;
    this.feed.watch(this.feed.address, step);
  }

  receive(message) {
    clearTimeout(this.waiting);
    this.home.classList.remove("rnnviz-waiting");
    this.home.classList.toggle("rnnviz-refused", Boolean(message.error));
    this.say(message.error ?? "");
    if (message.error) {
      this.home.dataset.drawn = Number(this.home.dataset.drawn ?? 0) + 1;
      return;
    }
    this.message = message;
    this.fresh = true;
    this.later();
  }

  later() {
    if (!this.fresh || document.hidden || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.fresh = false;
      if (this.gone) return;
      this.draw();
      this.home.dataset.drawn = Number(this.home.dataset.drawn ?? 0) + 1;
      this.home.dataset.step = this.message.step;
      this.home.dataset.run = this.data.run;
    });
  }

  say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  destroy() {
    this.gone = true;
    this.feed.close();
    window.removeEventListener("rnnviz:step", this.onStep);
    document.removeEventListener("visibilitychange", this.onVisible);
  }
}

export function element(name, style = "", text = "") {
  const made = document.createElement(name);
  if (style) made.className = style;
  if (text) made.textContent = text;
  return made;
}

export function fill(span, colours) {
  span.style.backgroundColor = colours?.[0] ?? "";
  span.style.color = colours?.[1] ?? "";
}

const WIDE = /\p{Extended_Pictographic}|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u;

// Time steps -> cells: a letter with its accents, or an emoji of several parts, is one cell.
export function cellsOf(symbols, kind) {
  if (kind !== "text") {
    return symbols.map((shown, step) => ({ shown, first: step, last: step, wide: shown.length + 1 }));
  }
  const steps = []; // place in the string -> time step
  symbols.forEach((symbol, step) => steps.push(...new Array(symbol.length).fill(step)));
  const cells = [];
  for (const { segment, index } of new Intl.Segmenter().segment(symbols.join(""))) {
    const first = steps[index];
    const last = steps[index + segment.length - 1];
    const before = cells[cells.length - 1];
    if (before && before.last >= first) { // a symbol that is shown by several characters
      before.shown += segment;
      before.last = last;
      before.wide += 1;
    } else cells.push({ shown: segment === "␣" ? "\u00a0" : segment, first, last, wide: WIDE.test(segment) ? 2 : 1 });
  }
  return cells;
}
