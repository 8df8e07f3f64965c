import assert from "node:assert/strict";
import { test } from "node:test";
import { Scale } from "../../assets/colour.js";

const SIGNED = [
  [0, "#2B6CB0"],
  [0.5, "#FDFCF9"],
  [1, "#B83227"],
];
const INKS = ["#1F2933", "#FDFCF9"];

const channels = (colour) =>
  colour.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    : colour.match(/\d+/g).map(Number);

// WCAG 2, written out again.
function contrast(one, other) {
  const [light, dark] = [one, other]
    .map((colour) => {
      const [red, green, blue] = channels(colour).map((each) =>
        each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("the ends and the middle of a scale have its colours", () => {
  const scale = new Scale(SIGNED, -1, 1, INKS);
  assert.equal(scale.of(-1)[0], "rgb(43,108,176)");
  assert.equal(scale.of(0)[0], "rgb(253,252,249)");
  assert.equal(scale.of(1)[0], "rgb(184,50,39)");
  assert.equal(scale.of(-0.5)[0], "rgb(148,180,213)");
});

test("what is beyond an end has the end's colour", () => {
  const scale = new Scale(SIGNED, -1, 1, INKS);
  assert.deepEqual(scale.of(7), scale.of(1));
  assert.deepEqual(scale.of(-Infinity), scale.of(-1));
});

test("where there is no value there is no colour", () => {
  const scale = new Scale(SIGNED, 0, 1, INKS);
  for (const none of [null, undefined, NaN]) assert.equal(scale.of(none), null);
});

test("the text on every shade can be read, and is in the house's ink where that can be", () => {
  const scale = new Scale(SIGNED, 0, 1, INKS);
  for (let value = 0; value <= 1; value += 1 / 256) {
    const [ground, ink] = scale.of(value);
    assert.ok(contrast(ground, ink) >= 4.5, `${ink} on ${ground}`);
  }
  assert.equal(scale.of(0.5)[1], INKS[0]);
  assert.equal(scale.of(1)[1], INKS[1]);
});

test("a shade is mixed once, and there are 129 of them at most", () => {
  const scale = new Scale(SIGNED, 0, 1, INKS);
  for (let value = 0; value <= 1; value += 0.001) scale.of(value);
  assert.equal(scale.of(0.3), scale.of(0.3));
  assert.equal(scale.known.size, 129);
});

test("the legend's bar has the stops of the scale", () => {
  const { gradient } = new Scale(SIGNED, 0, 1, INKS);
  assert.equal(gradient, "linear-gradient(to right, #2B6CB0 0%, #FDFCF9 50%, #B83227 100%)");
});
