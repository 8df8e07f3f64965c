import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, stepped } from "../../assets/kept_steps.js";

const KEPT = [0, 10, 20, 50, 100];

test("a step goes to the nearest that is kept, of two as near to the earlier", () => {
  assert.deepEqual(
    [0, 4, 5, 6, 34, 36, 74].map((step) => nearest(KEPT, step)),
    [0, 0, 0, 10, 20, 50, 50],
  );
});

test("at the last and beyond it is the newest, and so where nothing is kept", () => {
  assert.deepEqual(
    [99, 100, 5000].map((step) => nearest(KEPT, step)),
    [100, null, null],
  );
  assert.equal(nearest([], 7), null);
});

test("a key goes to the next kept step, and stays at the first", () => {
  assert.equal(stepped(KEPT, 10, 1), 20);
  assert.equal(stepped(KEPT, 10, -1), 0);
  assert.equal(stepped(KEPT, 0, -1), 0);
  assert.equal(stepped(KEPT, 13, 1), 20); // one that was kept once
});

test("the last one is the newest, from which a key goes back", () => {
  assert.equal(stepped(KEPT, 50, 1), null);
  assert.equal(stepped(KEPT, null, 1), null);
  assert.equal(stepped(KEPT, null, -1), 50);
  assert.equal(stepped([7], null, -1), null);
});
