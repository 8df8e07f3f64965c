import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOf, layOut, spelled } from "../../assets/cells.js";

const shown = (cells) => cells.map((cell) => cell.shown);

test("a letter is a cell, and a blank keeps its room", () => {
  assert.deepEqual(cellsOf(["a", "␣", "b"], "text"), [
    { shown: "a", first: 0, last: 0, wide: 1 },
    { shown: "\u00a0", first: 1, last: 1, wide: 1 },
    { shown: "b", first: 2, last: 2, wide: 1 },
  ]);
});

test("a letter and its accent are one cell of two time steps", () => {
  assert.deepEqual(cellsOf(["e", "\u0301", "x"], "text"), [
    { shown: "e\u0301", first: 0, last: 1, wide: 1 },
    { shown: "x", first: 2, last: 2, wide: 1 },
  ]);
});

test("an emoji of several code points is one wide cell, as many time steps as it has", () => {
  const family = [..."👩‍👩‍👧"];
  const [cell, ...rest] = cellsOf(family, "text");
  assert.deepEqual(cell, { shown: "👩‍👩‍👧", first: 0, last: family.length - 1, wide: 2 });
  assert.equal(rest.length, 0);
  assert.deepEqual(
    cellsOf([..."🇩🇪"], "text").map(({ wide }) => wide),
    [2],
  );
});

test("Chinese characters are wide", () => {
  assert.deepEqual(
    cellsOf(["学", "a"], "text").map(({ wide }) => wide),
    [2, 1],
  );
});

test("a symbol of several letters is one cell of one time step", () => {
  assert.deepEqual(cellsOf(["the", "x"], "text"), [
    { shown: "the", first: 0, last: 0, wide: 3 },
    { shown: "x", first: 1, last: 1, wide: 1 },
  ]);
});

test("a number is a cell, with room between it and the next", () => {
  assert.deepEqual(cellsOf(["0.5", "-1"], "numbers"), [
    { shown: "0.5", first: 0, last: 0, wide: 4 },
    { shown: "-1", first: 1, last: 1, wide: 3 },
  ]);
});

test("every time step has a cell, in order", () => {
  const symbols = [..."Ein Çedille, 学而时习之 👍🏽 e\u0301", "␣", "ab", "c"];
  const cells = cellsOf(symbols, "text");
  let next = 0;
  for (const { first, last } of cells) {
    assert.equal(first, next);
    assert.ok(last >= first);
    next = last + 1;
  }
  assert.equal(next, symbols.length);
  assert.equal(shown(cells).join("").replaceAll("\u00a0", "␣"), symbols.join(""));
});

for (const room of [40, 130, 700, 1300]) {
  for (const kind of ["text", "numbers"]) {
    test(`lines in ${room} pixels have every cell of a ${kind} once and fit`, () => {
      const symbols = Array.from({ length: 97 }, (_, at) =>
        kind === "text" ? "xyz"[at % 3] : "0.25",
      );
      const cells = cellsOf(symbols, kind);
      const { size, lines } = layOut(cells, kind, room);
      assert.deepEqual(
        lines.map(([from]) => from),
        [0, ...lines.slice(0, -1).map(([, to]) => to)],
      );
      assert.equal(lines.at(-1)[1], cells.length);
      const wide = lines.map(([from, to]) =>
        cells.slice(from, to).reduce((sum, cell) => sum + cell.wide, 0),
      );
      for (const [line, each] of wide.entries()) {
        const [from, to] = lines[line];
        assert.ok(to > from && (each * size <= room + 0.01 * size || to === from + 1));
      }
      // of one length, but for the last
      assert.ok(Math.max(...wide) - Math.min(...wide.slice(0, -1), Math.max(...wide)) <= 4);
    });
  }
}

test("a short text is large, one that fits a line fills it, a long one is plain", () => {
  const size = (count) => layOut(cellsOf([..."x".repeat(count)], "text"), "text", 600).size;
  assert.equal(size(5), 17);
  assert.equal(size(50), 12);
  assert.equal(size(500), 13);
  assert.equal(layOut(cellsOf(["1.00"], "numbers"), "numbers", 600).size, 7.5);
});

test("what is wider than a line has one to itself", () => {
  const cells = cellsOf(["a", "b", "incomprehensible", "c"], "text");
  const { lines } = layOut(cells, "text", 60);
  assert.ok(lines.some(([from, to]) => to > 2 && from <= 2));
  assert.deepEqual(
    lines.flatMap(([from, to]) => cells.slice(from, to)),
    cells,
  );
});

test("letters are put together, words apart", () => {
  assert.equal(spelled(["a", "b"]), "ab");
  assert.equal(spelled(["not", "bad"]), "not bad");
  assert.equal(spelled(["ab", "c"]), "abc");
  assert.equal(spelled([]), "");
});
