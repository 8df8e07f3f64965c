import assert from "node:assert/strict";
import { before, test } from "node:test";
import { addressOf } from "../../assets/address.js";
import { snippet } from "../../assets/embedding.js";

const shown = { base: "/app/rnnviz", run: "ab12", view: "gates", query: { layer: "rnn.l0", t: 3 } };

before(() => {
  globalThis.location = new URL("https://lab.example/app/train?run=ab12");
});

test("an address has the run, the view and the choices", () => {
  assert.equal(addressOf(shown), "/app/rnnviz/live/ab12/gates?layer=rnn.l0&t=3");
  assert.equal(addressOf(shown, "dark"), "/app/rnnviz/live/ab12/gates?layer=rnn.l0&t=3&theme=dark");
  assert.match(addressOf({ ...shown, route: "embedded" }), /^\/app\/rnnviz\/embedded\//);
});

test("what would end a part of an address is written otherwise", () => {
  const odd = { ...shown, run: "a/b?", query: { input: "1&2=#" } };
  assert.equal(addressOf(odd), "/app/rnnviz/live/a%2Fb%3F/gates?input=1%262%3D%23");
});

test("what to embed has the figure's address and its words, and breaks out of neither", () => {
  const html = snippet(shown, "light", null, 'a "b" <c> & d');
  const src =
    "https://lab.example/app/rnnviz/embed/ab12/gates?layer=rnn.l0&amp;t=3&amp;theme=light";
  assert.ok(html.startsWith(`<iframe src="${src}" title="a &quot;b&quot; &lt;c> &amp; d" `), html);
  assert.match(snippet(shown, "light", 300, ""), /[?;]step=300[&"]/);
  assert.match(snippet(shown, "light", 0, ""), /[?;]step=0[&"]/);
});

test("a draft has no run to embed", () => {
  assert.equal(snippet({ ...shown, run: "draft" }, "light", null, ""), null);
});
