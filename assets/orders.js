// The one sender of orders to runs and studies: over the socket that the page has, whether a button
// or a key gives them. What needs the page's form, a new run, is Streamlit's.
import { t } from "./words.js";

const PATIENCE = 10_000; // milliseconds that an order waits for its answer

/**
 * What the transport bar is told of what it shows.
 * @typedef {object} Steered
 * @property {string} run a run or study, or "draft"
 * @property {boolean} [study] whether it is a study
 * @property {boolean} mine whether it is the visitor's
 * @property {boolean} same whether the form asks for the same, but for the learning rate
 * @property {{asked: number, has: number} | null} [lr] the form's rate, and the run's when the
 *   page was made; null if there is none to change
 */

/**
 * What the first button does next.
 * @param {Steered} shown
 * @param {import("./transport.js").Status} [status]
 */
export function nextOf({ mine, same }, status) {
  if (mine && status?.going) return "pause";
  return mine && same && status?.waits ? "resume" : "train";
}

/**
 * The message that gives an order; null for one that needs the form.
 * @param {string} what "train", "resume", "pause", "once", "stop" or "reset"
 * @param {Steered} shown
 * @param {import("./transport.js").Status} [status]
 */
export function orderOf(what, { run, study, mine, same }, status) {
  const on = study ? { study: run } : { run };
  if (["resume", "pause", "stop"].includes(what)) return { order: what, ...on };
  const goesOn = mine && same && !status?.ended;
  return what === "once" && goesOn ? { order: "step", ...on } : null;
}

export class Orders {
  /**
   * @param {import("./socket.js").Feed} feed
   * @param {(sentence: string) => void} onRefused
   */
  constructor(feed, onRefused) {
    this.feed = feed;
    this.onRefused = onRefused;
    this.count = 0;
    this.waiting = new Map(); // by id, in the order in which they were given
  }

  /**
   * Know what is shown now.
   * @param {Steered} shown
   */
  watch({ run, lr }) {
    if (run !== this.run) this.rate = lr?.has;
    this.run = run;
    this.asked = lr?.asked;
  }

  // Order the rate that the form asks for, if the run has another as far as is known here: what
  // was set in another tab stays until it is changed in this one.
  tune() {
    const rate = this.newRate();
    if (rate) this.give({ order: "set_lr", run: this.run, ...rate });
  }

  newRate() {
    if (this.asked === undefined || this.asked === this.rate) return null;
    this.rate = this.asked;
    return { lr: this.asked };
  }

  // Send an order, now or when there is a connection; a second click on the same waits with it.
  give(order) {
    const what = ["resume", "step"].includes(order.order) ? { ...order, ...this.newRate() } : order;
    const text = JSON.stringify(what);
    if ([...this.waiting.values()].some((each) => each.text === text)) return;
    const id = ++this.count;
    const silence = t("The server did not answer this order: give it again.");
    const late = setTimeout(() => this.answered({ ordered: id, refused: silence }), PATIENCE);
    this.waiting.set(id, { what, text, late, sent: this.feed.say({ ...what, id }) });
  }

  // There is a new connection: what the old one may have lost is sent again. A step is not, which
  // may have been made.
  opened() {
    for (const [id, each] of this.waiting) {
      if (each.sent && each.what.order === "step") this.forget(id);
      else each.sent = this.feed.say({ ...each.what, id });
    }
  }

  /** @param {{ordered: number | null, refused?: string}} answer */
  answered({ ordered, refused }) {
    this.forget(ordered);
    if (refused) this.onRefused(refused);
  }

  forget(id) {
    clearTimeout(this.waiting.get(id)?.late);
    this.waiting.delete(id);
  }

  close() {
    for (const id of this.waiting.keys()) this.forget(id);
  }
}
