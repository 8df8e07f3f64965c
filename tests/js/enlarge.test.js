import assert from "node:assert/strict";
import { test } from "node:test";
import { enlarged } from "../../assets/enlarge.js";

const figure = () => ({
  data: [
    { type: "scatter", y: [1, 2], line: { width: 2, color: "#000000" }, marker: { size: [3, 4] } },
    { type: "scatter", y: [1], marker: { size: 5 }, xbins: { size: 2 } },
    { type: "heatmap", z: [[1]], colorbar: { thickness: 10, tickfont: { size: 12 } } },
  ],
  layout: {
    font: { size: 13, family: "Inter" },
    title: {
      text: '<b>t</b> <span style="font-size:12px;color:#fff">n</span>',
      font: { size: 15 },
    },
    margin: { l: 56, t: 30 },
    xaxis: { range: [0, 20], title: { standoff: 8, text: "x" }, ticklen: 4, nticks: 5 },
    yaxis: { dtick: 10 },
    annotations: [{ text: "a", x: 0.5, yshift: 10, font: { size: 12 }, showarrow: false }],
    meta: { alt: "words" },
  },
});

test("type and the room for it grow by 1.3; what is shown does not", () => {
  const { data, layout } = enlarged(figure(), 500);
  assert.equal(layout.font.size, 13 * 1.3);
  assert.deepEqual(layout.margin, { l: 56 * 1.3, t: 39 });
  assert.equal(layout.xaxis.title.standoff, 8 * 1.3);
  assert.match(layout.title.text, /font-size:16px/);
  assert.equal(layout.annotations[0].yshift, 13);
  assert.deepEqual(layout.xaxis.range, [0, 20]);
  assert.equal(layout.annotations[0].x, 0.5);
  assert.deepEqual([layout.yaxis.dtick, layout.xaxis.nticks], [10, 5]);
  assert.equal(data[0].line.width, 2.6);
  assert.deepEqual([data[0].y, data[2].z], [[1, 2], [[1]]]);
  assert.deepEqual([data[1].marker.size, data[1].xbins.size], [6.5, 2]);
  assert.equal(data[2].colorbar.tickfont.size, 12 * 1.3);
});

test("with little room, or many panels, it grows by less", () => {
  assert.equal(enlarged(figure(), 250).layout.font.size, 13 * 1.15);
  const many = figure();
  for (let axis = 2; axis <= 5; axis += 1) many.layout[`yaxis${axis}`] = {};
  assert.equal(enlarged(many, 500).layout.font.size, 13 * 1.15);
});

test("the figure itself stays as it was", () => {
  const given = figure();
  enlarged(given, 500);
  assert.deepEqual(given, figure());
});
