import assert from "node:assert/strict";
import { test } from "node:test";
import * as numbers from "../../assets/numbers.js";

const packed = (values) => Buffer.from(new Float32Array(values).buffer).toString("base64");

test("packed numbers come back as they were, those that are none too", () => {
  const values = [0, -1.5, 3e38, 1e-45, NaN, Infinity];
  assert.deepEqual([...numbers.decode(packed(values))], [...new Float32Array(values)]);
  assert.equal(numbers.decode("").length, 0);
});

test("a number has three decimals, a true minus, and none before a zero", () => {
  const written = { 0.5: "0.500", 9.9994: "9.999", 12.345: "12.35", 1234.5: "1235" };
  for (const [value, text] of Object.entries(written)) {
    assert.equal(numbers.plain(Number(value)), text);
    assert.equal(numbers.plain(-Number(value)), `−${text}`);
  }
  assert.equal(numbers.plain(-0.0004), "0.000");
  assert.equal(numbers.plain(-0), "0.000");
  assert.equal(numbers.plain(-12345), "−1.235×10⁴");
  assert.deepEqual([9.9996, 10, 100].map(numbers.plain), ["10.000", "10.00", "100.0"]);
  assert.deepEqual([9999.4, 9999.5].map(numbers.plain), ["9999", "1.000×10⁴"]);
});

test("a power of ten is raised, its sign too", () => {
  assert.equal(numbers.scientific(0.00012, 1), "1.2×10⁻⁴");
  assert.equal(numbers.scientific(-6.02e23, 2), "−6.02×10²³");
  assert.equal(numbers.scientific(1, 0), "1×10⁰");
  assert.equal(numbers.scientific(0, 2), "0");
});

test("what is no number says so", () => {
  for (const write of [numbers.plain, (value) => numbers.scientific(value, 1)]) {
    assert.deepEqual([NaN, Infinity, -Infinity].map(write), ["NaN", "∞", "−∞"]);
  }
  assert.equal(numbers.number(NaN), "NaN");
  assert.deepEqual(
    [null, undefined].map((value) => numbers.fixed(value)),
    ["–", "–"],
  );
});

test("so many decimals, without a minus before zero", () => {
  assert.equal(numbers.fixed(-0.129, 2), "−0.13");
  assert.equal(numbers.fixed(-0.001, 2), "0.00");
  assert.equal(numbers.fixed(-2), "−2");
});

test("only all is 100 %, and only nothing 0 %", () => {
  const written = {
    0: "0 %",
    0.0001: "< 0.1 %",
    0.0009: "0.1 %",
    0.0994: "9.9 %",
    0.0996: "10 %",
    0.5: "50 %",
    0.9949: "99 %",
    0.999: "99.9 %",
    0.9999: "> 99.9 %",
    1: "100 %",
  };
  for (const [share, text] of Object.entries(written)) {
    assert.equal(numbers.percent(Number(share)), text);
  }
});

test("few digits, a whole number, or a power of ten", () => {
  assert.deepEqual(
    [0.5, 12.34, 0.0005, 1234, -0.25, 99.96, 999.6].map((value) => numbers.number(value, 3)),
    ["0.5", "12.3", "5.00×10⁻⁴", "1.23×10³", "−0.25", "100", "1.00×10³"],
  );
});

test("a time left is in the unit that people would say", () => {
  assert.deepEqual([0.2, 89.5, 90, 300, 5399, 5400, 9000].map(numbers.duration), [
    "1 s",
    "90 s",
    "2 min",
    "5 min",
    "90 min",
    "1.5 h",
    "2.5 h",
  ]);
});

test("a gradient fills eight decades below the largest", () => {
  assert.equal(numbers.decades(1e-2, -2), 1);
  assert.equal(numbers.decades(-1e-6, -2), 0.5);
  assert.equal(numbers.decades(1e-12, -2), 0);
  assert.deepEqual(
    [0, NaN].map((value) => numbers.decades(value, 0)),
    [0, 0],
  );
  assert.equal(numbers.decades(Infinity, 0), 1);
});
