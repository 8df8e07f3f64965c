import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Feed, themeOf } from "../../assets/socket.js";
import { FakeSocket, install } from "./browser.js";

let messages, states, feed;

beforeEach(() => {
  install();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  [messages, states] = [[], []];
  feed = new Feed(
    (message) => messages.push(message),
    (state) => states.push(state),
  );
});

const newest = () => FakeSocket.opened.at(-1);

test("a view is watched at its address, over a safe socket where the page is safe", () => {
  feed.watch("/rnnviz/live/ab/gates?layer=l0", 300);
  assert.equal(newest().url.href, "wss://lab.example/rnnviz/live/ab/gates?layer=l0&step=300");
  newest().accept();
  newest().tell({ step: 300 });
  assert.deepEqual([messages, states], [[{ step: 300 }], ["open"]]);
});

test("another step of the same view is asked for over the same socket", () => {
  feed.watch("/live/ab/gates?", null);
  newest().accept();
  feed.watch("/live/ab/gates?", 7);
  feed.watch("/live/ab/gates?", 7);
  assert.equal(FakeSocket.opened.length, 1);
  assert.deepEqual(newest().sent, [{ step: 7, at: null }]);
});

test("a step chosen while the socket opens is asked for when it is open", () => {
  feed.watch("/live/ab/gates?", null);
  feed.watch("/live/ab/gates?", 7);
  assert.deepEqual(newest().sent, []);
  newest().accept();
  assert.deepEqual(newest().sent, [{ step: 7, at: null }]);
});

test("another view is another socket, and the old one is closed", () => {
  feed.watch("/live/ab/gates?", null);
  const [old] = FakeSocket.opened;
  feed.watch("/live/ab/loss?", null);
  assert.equal(FakeSocket.opened.length, 2);
  assert.equal(old.readyState, 3);
  old.onclose({ code: 1006 }); // comes late, and is no loss
  assert.deepEqual(states, []);
});

test("a pointer that passes over many rows asks once, where it rests", () => {
  feed.watch("/live/ab/gates?", null);
  newest().accept();
  for (const row of [1, 2, 3, 3]) feed.point(row);
  mock.timers.tick(100);
  assert.deepEqual(newest().sent, [{ step: null, at: 3 }]);
});

test("a lost connection is taken up again, later and later", () => {
  feed.watch("/live/ab/gates?", null);
  for (const wait of [500, 1000, 2000, 4000, 8000, 8000]) {
    const count = FakeSocket.opened.length;
    newest().leave(1006);
    mock.timers.tick(wait - 1);
    assert.equal(FakeSocket.opened.length, count);
    mock.timers.tick(1);
    assert.equal(FakeSocket.opened.length, count + 1);
  }
  newest().accept();
  newest().leave(1006);
  mock.timers.tick(500);
  assert.equal(FakeSocket.opened.length, 8);
  assert.deepEqual(states, [...Array(6).fill("lost"), "open", "lost"]);
});

test("what the server ended with a reason stays ended", () => {
  for (const code of [1000, 1008]) {
    feed.watch(`/live/${code}/gates?`, null);
    const count = FakeSocket.opened.length;
    newest().leave(code);
    mock.timers.tick(60_000);
    assert.equal(FakeSocket.opened.length, count);
  }
  assert.deepEqual(states, []);
});

test("a closed feed opens nothing again", () => {
  feed.watch("/live/ab/gates?", null);
  newest().leave(1006);
  feed.close();
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.opened.length, 1);
});

test("the page's background says whether it is paper or night", () => {
  const theme = (colour) => {
    globalThis.getComputedStyle = () => ({ getPropertyValue: () => colour });
    return themeOf({});
  };
  assert.equal(theme(" #FDFCF9"), "light");
  assert.equal(theme("#14181D"), "dark");
  assert.equal(theme("rgb(20, 24, 29)"), "dark");
  assert.equal(theme("rgb(0, 120, 120)"), "dark");
  assert.equal(theme("rgb(0, 200, 120)"), "light"); // green is what the eye sees best
  assert.equal(theme("rgb(255, 20, 120)"), "dark");
  assert.equal(theme(""), "light");
});
