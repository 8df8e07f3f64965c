// What a network writes after a prompt, coloured by how likely each piece was.
import { cellsOf } from "./cells.js";
import { Scale } from "./colour.js";
import { element, fill, named } from "./dom.js";
import { TextView } from "./text_view.js";
import { t } from "./words.js";

/**
 * @typedef {object} Written
 * @property {string} prompt
 * @property {string[]} text what was drawn, piece by piece
 * @property {number[]} share the probability with which each was
 * @property {string} said
 * @property {string} when
 * @property {[number, string][]} scale
 * @property {string} ink
 * @property {string} paper
 */

export class Writing extends TextView {
  constructor(home) {
    super(home);
    home.setAttribute("aria-label", t("What the network writes"));
    named(home, { ".rnnviz-written": t("Written text") });
    this.title = home.querySelector(".rnnviz-text-title");
    this.legend = home.querySelector(".rnnviz-legend");
    this.written = home.querySelector(".rnnviz-written");
    this.saying = home.querySelector(".rnnviz-text-said");
  }

  draw() {
    /** @type {Written} */
    const { prompt, text, share, said, when, scale, ink, paper } = this.message.writing;
    const colours = new Scale(scale, 0, 1, [ink, paper]);
    const letters = cellsOf(text, "text").map(({ first, last }) => {
      const span = element("span", "", text.slice(first, last + 1).join(""));
      fill(span, colours.of(share[last]));
      return span;
    });
    this.written.replaceChildren(element("span", "rnnviz-prompt", prompt), ...letters);
    this.title.replaceChildren(element("b", "", t("Written by the network, {when}", { when })));
    const bar = element("span", "rnnviz-legend-bar");
    bar.style.background = colours.gradient;
    const low = element("span", "", t("drawn at a chance of 0 %"));
    this.legend.replaceChildren(low, bar, element("span", "", "100 %"));
    this.saying.textContent = said;
    this.saying.hidden = !said;
  }
}
