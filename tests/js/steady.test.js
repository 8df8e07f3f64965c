import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOnly, renote, still } from "../../assets/steady.js";
import { FakeElement } from "./browser.js";

const quiet = (note) => (note ? `  <span style="color:#5B6570">${note}</span>` : "");
const titled = (note) => `<b>Loss</b>${quiet(note)}`;

function figure({ y = [1, 2], note = "step 10", range = [0, 9], ...over } = {}) {
  return {
    data: [{ type: "scatter", name: "loss", x: [0, 1], y, line: { width: 2 } }],
    layout: {
      title: { text: titled(note) },
      meta: { alt: `Loss at ${note}.`, note, time: [] },
      xaxis: { range },
      yaxis: { range: [0, 1], tickvals: [0, 1], ticktext: ["0", "1"] },
      ...over,
    },
  };
}

test("lines, and the quiet words of the title, move while a picture stands still", () => {
  assert.ok(still(figure()));
  assert.equal(still(figure({ y: [3, 4, 5] })), still(figure()));
  assert.equal(still(figure({ note: "step 11" })), still(figure()));
});

test("anything else is another picture", () => {
  const other = figure();
  other.data[0].line.width = 3;
  const named = figure();
  named.layout.title.text = titled("step 10").replace("Loss", "Accuracy");
  const more = figure();
  more.data.push(more.data[0]);
  for (const each of [other, named, more, figure({ range: [0, 99] }), figure({ shapes: [{}] })]) {
    assert.notEqual(still(each), still(figure()));
  }
  assert.notEqual(still(figure({ note: "" })), still(figure()));
});

test("words that stand in the title too are taken from its end alone", () => {
  const one = figure({ note: "o" });
  const two = figure({ note: "s" });
  assert.equal(still(one), still(two));
  assert.match(JSON.parse(still(one))[0].title.text, /<b>Loss<\/b>/);
});

test("a note with markup in it is part of the picture", () => {
  const [one, two] = ["h<sub>t</sub>", "c<sub>t</sub>"].map((note) => still(figure({ note })));
  assert.notEqual(one, two);
});

test("what Plotly would have to measure, or is no line, is drawn whole", () => {
  assert.equal(still(figure({ xaxis: {} })), null);
  assert.equal(still(figure({ range: [0, null] })), null);
  assert.equal(still(figure({ yaxis2: {} })), null);
  const heat = figure();
  heat.data[0].type = "heatmap";
  assert.equal(still(heat), null);
  assert.ok(still({ data: [], layout: {} }));
});

test("lines alone are drawn without a pause, with the ticks that Plotly has", () => {
  const plot = { layout: { xaxis: {}, yaxis: { tickvals: [0, 1], ticktext: ["0", "1"] } } };
  const { layout } = figure();
  const drawn = linesOnly(plot, layout);
  assert.deepEqual(drawn.transition, { duration: 0 });
  assert.equal(drawn.yaxis.tickvals, plot.layout.yaxis.tickvals);
  assert.equal(drawn.yaxis.ticktext, plot.layout.yaxis.ticktext);
  assert.equal("tickvals" in drawn.xaxis, false);
  assert.notEqual(layout.yaxis.tickvals, drawn.yaxis.tickvals);
});

test("the quiet words are written anew, and nothing where there are none", () => {
  const title = new FakeElement();
  title.lastElementChild = new FakeElement();
  const plot = new FakeElement({ ".gtitle": title });
  renote(plot, figure({ note: "step 11" }).layout);
  assert.equal(title.lastElementChild.textContent, "step 11");
  assert.equal(title.dataset.unformatted, titled("step 11"));
  for (const note of ["", "h<sub>t</sub>"]) renote(plot, figure({ note }).layout);
  renote(plot, { title: { text: "x" } });
  assert.equal(title.lastElementChild.textContent, "step 11");
});
