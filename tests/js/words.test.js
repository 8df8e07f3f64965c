import assert from "node:assert/strict";
import { test } from "node:test";
import { marked, t, tn } from "../../assets/words.js";

test("English is the message with its values", () => {
  assert.equal(t("Layer {layer} of {layers}", { layer: 1, layers: 2 }), "Layer 1 of 2");
  assert.equal(tn("{count} file", "{count} files", 1), "1 file");
  assert.equal(tn("{count} file", "{count} files", 3), "3 files");
  assert.equal(t("a {place} without a value"), "a {place} without a value");
});

test("the pseudo-language is the server's", () => {
  assert.equal(marked("Gates"), "⟦Gates ~~~~⟧");
  assert.equal(marked("Stop"), "⟦Stop ~⟧");
  assert.equal(marked("Animate over training"), "⟦Animate over training ~~~~ ~~~~⟧");
  assert.equal(marked(""), "");
});
