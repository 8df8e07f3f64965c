// What the server sends, as fixtures.py has written it down, and what the scripts say of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cellsOf } from "../../assets/cells.js";
import { enlarged } from "../../assets/enlarge.js";
import { decode } from "../../assets/numbers.js";
import { nextOf } from "../../assets/orders.js";
import { still } from "../../assets/steady.js";
import { fixture, install } from "./browser.js";

// The properties that a typedef names: name -> whether it has to be there.
function documented(script, name) {
  const text = readFileSync(new URL(`../../assets/${script}`, import.meta.url), "utf8");
  const [, body] = text.split(`@typedef {object} ${name}\n`);
  const lines = body.split("*/")[0].matchAll(/@property \{.*\} (\[?)(\w+)/g);
  return new Map(Array.from(lines, ([, bracket, property]) => [property, !bracket]));
}

const [before, after] = fixture("lines");
const RECORDS = [
  ["figure.js", "FigureMessage", fixture("figure")],
  ["figure.js", "Meta", fixture("figure").figure.layout.meta],
  ["transport.js", "Status", fixture("run").status],
  ["transport.js", "Status", fixture("draft").status],
  ["transport.js", "Status", fixture("study").status],
  ["anatomy.js", "Course", fixture("anatomy").anatomy],
  ["reader.js", "Text", fixture("text").text],
  ["answers.js", "Next", fixture("text").text.next],
  ["answers.js", "Next", fixture("translated").text.next],
  ["answers.js", "Next", fixture("numbers").text.next],
  ["matches.js", "Found", fixture("matches").matches],
  ["matches.js", "Stretch", fixture("matches").matches.chosen],
  ["writing.js", "Written", fixture("writing").writing],
];

for (const [script, name, content] of RECORDS) {
  test(`${script} says of ${name} what is sent`, () => {
    const known = documented(script, name);
    const sent = Object.keys(content).filter((key) => key !== "view");
    assert.ok(known.size > 1);
    assert.deepEqual(
      sent.filter((key) => !known.has(key)),
      [],
    );
    assert.deepEqual(
      [...known.keys()].filter((key) => known.get(key) && !(key in content)),
      [],
    );
  });
}

test("between two steps of a training nothing moves but the lines", () => {
  assert.ok(still(before.figure));
  assert.equal(still(before.figure), still(after.figure));
  assert.notDeepEqual(before.figure.data, after.figure.data);
  assert.equal(still(fixture("figure").figure), null); // it has colours, not lines alone
});

test("a figure has a sentence for those who hear it, and larger type for a projector", () => {
  install();
  const { figure } = fixture("figure");
  assert.match(figure.layout.meta.alt, /\.$/);
  const size = figure.layout.font.size;
  assert.ok(enlarged(figure, 600).layout.font.size > size);
});

test("the course of a drawn cell has every column at every time step", () => {
  const { columns, steps, unit_series, shown_series, whole } = fixture("anatomy").anatomy;
  assert.ok(whole);
  for (const series of [unit_series, shown_series]) {
    assert.equal(decode(series).length, columns.length * steps);
  }
});

test("a text has a value of each unit, and an answer, at every time step", () => {
  for (const name of ["text", "translated", "numbers"]) {
    const { symbols, kind, rows, next } = fixture(name).text;
    const cells = cellsOf(symbols, kind);
    assert.equal(cells.at(-1).last, symbols.length - 1);
    for (const { values } of rows) assert.equal(values.length, symbols.length);
    assert.equal((next.answers ?? next.best).length, symbols.length);
  }
});

test("a match stands on the stretch that was chosen", () => {
  const { chosen, rows } = fixture("matches").matches;
  for (const each of [chosen, ...rows]) {
    assert.equal(each.share.length, each.symbols.length);
    assert.equal(each.length, chosen.length);
  }
});

test("what was written has a probability for each piece", () => {
  const { text, share } = fixture("writing").writing;
  assert.equal(text.length, share.length);
});

test("a status says what the first button does", () => {
  const own = { mine: true, same: true };
  assert.equal(nextOf(own, fixture("draft").status), "train");
  assert.equal(nextOf(own, fixture("study").status), "pause");
  assert.equal(nextOf(own, fixture("run").status), "train"); // it is at its end
});
