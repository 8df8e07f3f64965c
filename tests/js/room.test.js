import assert from "node:assert/strict";
import test from "node:test";
import { broken, leastArea } from "../../assets/room.js";

const font = { size: 10, family: "any" };
const wide = (text, face) => text.length * Number(/([\d.]+)px/.exec(face)[1]);
const at = (text, room) => broken(text, room, font, wide);

test("a text is broken between words, at its room", () => {
  assert.equal(at("one two three", 1000), "one two three");
  assert.equal(at("one two three", 75), "one two<br>three");
  assert.equal(at("unbreakable", 20), "unbreakable");
});

test("tags stay whole, and their letters count in their own size", () => {
  const text = '<b>one</b>  <span style="font-size:5px">four five</span>';
  assert.equal(at(text, 70), '<b>one</b>  <span style="font-size:5px">four<br>five</span>');
  assert.equal(at("a<sub>t</sub> b", 1000), "a<sub>t</sub> b");
});

test("a sign that begins no tag is kept", () => {
  assert.equal(at("share with i < .1, a & b", 1000), "share with i < .1, a & b");
});

test("a symbol with an index stays whole", () => {
  const norm = "gradient norm ‖∂L/∂h<sub>t</sub>‖";
  assert.equal(at(norm, 200), "gradient norm<br>‖∂L/∂h<sub>t</sub>‖");
});

test("Chinese is broken between its signs", () => {
  assert.equal(at("梯度随时间", 30), "梯度随<br>时间");
});

test("between two panels there is room for the upper one's axis", () => {
  const upper = { domain: [0.6, 1] };
  const layout = { xaxis: { title: { text: "step" } }, yaxis: upper, yaxis2: { domain: [0, 0.4] } };
  const tall = leastArea({ layout });
  assert.ok(0.2 * tall > 50 && 0.2 * tall < 60);
  layout.xaxis.title.text = "step<br>of training";
  assert.ok(leastArea({ layout }) > tall);
  assert.equal(leastArea({ layout: { ...layout, yaxis2: {}, yaxis: {} } }), 0);
});
