import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Orders, nextOf, orderOf } from "../../assets/orders.js";
import { Feed } from "../../assets/socket.js";
import { FakeSocket, fixture, install } from "./browser.js";

const standing = fixture("standing"); // how a run stands, by its state
const OWN = { run: "ab", mine: true, same: true };
let feed, orders, refused;

beforeEach(() => {
  install();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  refused = [];
  feed = new Feed(
    () => {},
    (state) => state === "open" && orders.opened(),
  );
  orders = new Orders(feed, (sentence) => refused.push(sentence));
  orders.watch(OWN);
  feed.watch("/live/ab/status?", null);
});

const newest = () => FakeSocket.opened.at(-1);

// What was ordered on the newest socket.
const sent = () => newest().sent.filter((each) => "order" in each);

test("the first button pauses, goes on, or begins anew", () => {
  for (const state of ["queued", "running"]) {
    assert.equal(nextOf(OWN, standing[state]), "pause");
    assert.equal(nextOf({ ...OWN, same: false }, standing[state]), "pause");
    assert.equal(nextOf({ ...OWN, mine: false }, standing[state]), "train");
  }
  for (const state of ["paused", "stopped", "interrupted"]) {
    assert.equal(nextOf(OWN, standing[state]), "resume");
    assert.equal(nextOf({ ...OWN, same: false }, standing[state]), "train");
    assert.equal(nextOf({ ...OWN, mine: false }, standing[state]), "train");
  }
  for (const state of ["new", "finished", "failed"]) {
    assert.equal(nextOf(OWN, standing[state]), "train");
  }
  assert.equal(nextOf(OWN, undefined), "train"); // nothing is known yet
});

test("what goes on goes over the socket, and what begins needs the form", () => {
  const study = { ...OWN, study: true };
  const { running, paused, finished } = standing;
  for (const order of ["resume", "pause", "stop"]) {
    assert.deepEqual(orderOf(order, OWN, running), { order, run: "ab" });
    assert.deepEqual(orderOf(order, study, running), { order, study: "ab" });
  }
  for (const what of ["train", "reset"]) assert.equal(orderOf(what, OWN, paused), null);
  assert.deepEqual(orderOf("once", OWN, paused), { order: "step", run: "ab" });
  assert.equal(orderOf("once", OWN, finished), null);
  assert.equal(orderOf("once", { ...OWN, same: false }, paused), null);
  assert.equal(orderOf("once", { ...OWN, mine: false }, paused), null);
});

test("an order is sent at once, and only once until it is answered", () => {
  newest().accept();
  orders.give({ order: "pause", run: "ab" });
  orders.give({ order: "pause", run: "ab" });
  assert.deepEqual(sent(), [{ order: "pause", run: "ab", id: 1 }]);
  orders.answered({ ordered: 1 });
  orders.give({ order: "pause", run: "ab" });
  assert.deepEqual(sent().at(-1), { order: "pause", run: "ab", id: 2 });
  assert.deepEqual(refused, []);
});

test("a refusal is told with its sentence", () => {
  newest().accept();
  orders.give({ order: "pause", run: "ab" });
  orders.answered({ ordered: 1, refused: "It is not yours." });
  orders.answered({ ordered: null, refused: "Send less." });
  assert.deepEqual(refused, ["It is not yours.", "Send less."]);
  mock.timers.tick(60_000);
  assert.equal(refused.length, 2);
});

test("what is ordered without a connection is sent when there is one, in its order", () => {
  orders.give({ order: "pause", run: "ab" });
  orders.give({ order: "step", run: "ab" });
  assert.deepEqual(newest().sent, []);
  newest().accept();
  assert.deepEqual(
    sent().map(({ order }) => order),
    ["pause", "step"],
  );
});

test("what a lost connection may have lost is sent again, but for a step", () => {
  newest().accept();
  orders.give({ order: "step", run: "ab" });
  orders.give({ order: "stop", run: "ab" });
  newest().leave(1006);
  mock.timers.tick(500);
  newest().accept();
  assert.deepEqual(sent(), [{ order: "stop", run: "ab", id: 2 }]);
});

test("an order that nobody answers is given up and said", () => {
  orders.give({ order: "stop", run: "ab" });
  mock.timers.tick(10_000);
  assert.match(refused[0], /did not answer/);
  newest().accept();
  assert.deepEqual(sent(), []);
});

test("a bar that is gone sends and says nothing more", () => {
  orders.give({ order: "stop", run: "ab" });
  orders.close();
  newest().accept();
  mock.timers.tick(60_000);
  assert.deepEqual([sent(), refused], [[], []]);
});

test("a changed rate is ordered once, and not what another tab has set", () => {
  newest().accept();
  const told = (asked, has) => {
    orders.watch({ ...OWN, lr: { asked, has } });
    orders.tune();
    orders.answered({ ordered: orders.count });
    return sent().map(({ lr }) => lr);
  };
  orders.watch({ ...OWN, run: "of somebody", lr: null });
  orders.tune();
  assert.deepEqual(told(0.003, 0.003), []);
  assert.deepEqual(told(0.003, 0.5), []); // another tab's
  assert.deepEqual(told(0.1, 0.5), [0.1]);
  assert.deepEqual(told(0.1, 0.5), [0.1]);
  assert.deepEqual(told(0.003, 0.003), [0.1, 0.003]);
  assert.deepEqual(sent()[0], { order: "set_lr", run: "ab", lr: 0.1, id: 1 });
});

test("a run that waits gets the changed rate with the order to go on", () => {
  newest().accept();
  orders.watch({ ...OWN, run: "cd", lr: { asked: 0.1, has: 0.003 } });
  orders.give({ order: "stop", run: "cd" });
  orders.give({ order: "resume", run: "cd" });
  orders.give({ order: "step", run: "cd" });
  assert.deepEqual(
    sent().map(({ order, lr }) => [order, lr]),
    [
      ["stop", undefined],
      ["resume", 0.1],
      ["step", undefined],
    ],
  );
});
