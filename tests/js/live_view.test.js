import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { LiveView, LOST } from "../../assets/live_view.js";
import { FakeElement, FakeSocket, install } from "./browser.js";

const DATA = { base: "/rnnviz", run: "ab", view: "gates", query: { layer: "l0" }, step: null };
const newest = () => FakeSocket.opened.at(-1);
const look = (run, step) =>
  window.dispatchEvent(new CustomEvent("rnnviz:step", { detail: { run, step } }));

let home, view;

class Shown extends LiveView {
  show(message) {
    this.settle();
    this.drew(message.step);
  }
}

beforeEach(() => {
  install();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  home = new FakeElement({ ".rnnviz-note": new FakeElement() });
  view = new Shown(home);
});

test("the view of a run is watched in the page's theme, and asked for once", () => {
  view.update(DATA, "dark");
  view.update({ ...DATA, query: { layer: "l0" } }, "dark");
  assert.equal(FakeSocket.opened.length, 1);
  assert.equal(newest().url.pathname, "/rnnviz/live/ab/gates");
  assert.equal(newest().url.search, "?layer=l0&theme=dark");
});

test("what the transport bar says is newer than the page's step, until that changes", () => {
  view.update({ ...DATA, step: 10 }, "light");
  look("ab", 300);
  assert.equal(view.step, 300);
  view.update({ ...DATA, step: 10 }, "light");
  assert.equal(view.step, 300);
  view.update({ ...DATA, step: 20 }, "light");
  assert.equal(view.step, 20);
  look("ab", null);
  assert.equal(view.step, null);
});

test("another run's step is not this one's", () => {
  look("ab", 300); // before there is anything to look at
  view.update(DATA, "light");
  look("cd", 300);
  assert.equal(view.step, null);
  assert.equal(newest().url.searchParams.get("step"), null);
});

test("a picture that is out of date fades, unless the new one is there soon", () => {
  const fades = () => home.classList.contains("rnnviz-waiting");
  view.update(DATA, "light");
  mock.timers.tick(299);
  newest().tell({ step: 0 });
  mock.timers.tick(1000);
  assert.equal(fades(), false);
  view.update({ ...DATA, query: { layer: "l1" } }, "light");
  view.update({ ...DATA, query: { layer: "l2" } }, "light");
  mock.timers.tick(300);
  assert.equal(fades(), true);
  newest().tell({ step: 0 });
  mock.timers.tick(1000);
  assert.equal(fades(), false);
});

test("a view that waits for its answer is busy, and no longer when that is a refusal", () => {
  view.update(DATA, "light");
  assert.equal(home.ariaBusy, "true");
  newest().tell({ step: 0 });
  assert.equal(home.ariaBusy, null);
  view.update({ ...DATA, query: { layer: "l1" } }, "light");
  assert.equal(home.ariaBusy, "true");
  newest().tell({ error: "No such layer." });
  assert.equal(home.ariaBusy, null);
});

test("what was drawn is counted, with its step and its run", () => {
  view.update(DATA, "light");
  newest().tell({ step: 0 });
  newest().tell({ step: 40 });
  assert.deepEqual(home.dataset, { drawn: 2, step: 40, run: "ab" });
});

test("a refusal is said and nothing drawn; the next picture takes it away", () => {
  const note = home.querySelector(".rnnviz-note");
  view.update(DATA, "light");
  newest().tell({ error: "There is no such run." });
  assert.deepEqual([note.textContent, note.hidden], ["There is no such run.", false]);
  assert.deepEqual(home.dataset, {});
  newest().tell({ step: 0 });
  assert.deepEqual([note.textContent, note.hidden], ["", true]);
});

test("a lost connection is said until it is back", () => {
  const note = home.querySelector(".rnnviz-note");
  view.update(DATA, "light");
  newest().leave(1006);
  assert.equal(note.textContent, LOST);
  mock.timers.tick(500);
  newest().accept();
  assert.equal(note.hidden, true);
});

test("one that is gone listens to nothing and waits for nothing", () => {
  view.update(DATA, "light");
  view.destroy();
  look("ab", 300);
  mock.timers.tick(60_000);
  assert.equal(view.step, null);
  assert.equal(FakeSocket.opened.length, 1);
  assert.equal(home.classList.contains("rnnviz-waiting"), false);
});
