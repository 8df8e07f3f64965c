// A text in coloured cells: a row a unit, broken into lines that fit. A cell is what people see as
// one character, which may be several time steps of the network.
import { cellsOf, layOut } from "./cells.js";
import { element, fill } from "./dom.js";
import { fixed } from "./numbers.js";
import { t } from "./words.js";

const LABEL = 104; // px, before each row: at least
const LETTER = 7.5; // px
const VALUE = 48; // px, of a unit's number or note beside its name

export class Rows {
  // `room` is the element that they stand in.
  constructor(room) {
    this.room = room;
    this.cells = [];
  }

  // Lay the cells out, where the text or the room for it is another one.
  build(text) {
    const width = this.room.clientWidth;
    const label = labelled(text.rows);
    this.room.style.setProperty("--label", `${label}px`);
    const shape = JSON.stringify([text.symbols, text.rows.length, text.holds !== null, width]);
    if (shape === this.shape) return;
    this.shape = shape;
    this.width = width;
    this.cells = cellsOf(text.symbols, text.kind);
    const { size, lines } = layOut(this.cells, text.kind, width - label);
    this.room.style.setProperty("--cell", `${size}px`);
    this.room.style.fontSize = `${text.kind === "text" ? Math.min(19, 1.38 * size) : 14}px`;
    this.spans = this.cells.map(() => []); // place -> a span a unit
    this.holding = []; // place -> the mark of where the property holds
    this.labels = text.rows.map(() => []); // unit -> its label on each line
    this.room.replaceChildren(...lines.map(([from, to]) => this.block(text, from, to)));
  }

  // The rows of the cells that stand on one line.
  block(text, from, to) {
    const block = element("div", "rnnviz-block");
    if (text.holds) {
      const row = element("div", "rnnviz-row rnnviz-holds");
      row.append(element("span", "rnnviz-unit", t("property")));
      for (let place = from; place < to; place++) {
        this.holding[place] = this.span("rnnviz-hold", place);
        row.append(this.holding[place]);
      }
      block.append(row);
    }
    for (const labels of this.labels) {
      const row = element("div", "rnnviz-row");
      const label = element("span", "rnnviz-unit");
      labels.push(label);
      row.append(label);
      for (let place = from; place < to; place++) {
        const span = this.span("rnnviz-cell", place, this.cells[place].shown);
        span.dataset.place = place;
        this.spans[place].push(span);
        row.append(span);
      }
      block.append(row);
    }
    return block;
  }

  span(style, place, shown = "") {
    const span = element("span", style, shown);
    const { wide } = this.cells[place];
    if (wide !== 1) span.style.setProperty("--wide", wide);
    return span;
  }

  // Colour every cell by its units' values, on a `Scale`.
  colour({ rows, holds }, scale) {
    this.cells.forEach(({ last }, place) => {
      rows.forEach(({ values }, unit) => fill(this.spans[place][unit], scale.of(values[last])));
      if (holds) this.holding[place].classList.toggle("rnnviz-on", holds[last] > 0);
    });
  }

  // The cursor, the selected stretch (time steps, both ends in it), and each unit's value under
  // the cursor.
  mark({ rows }, cursor, brush) {
    const [first, last] = brush ?? [1, 0];
    this.cells.forEach((cell, place) => {
      const inside = cell.last >= first && cell.first <= last;
      for (const span of this.spans[place]) {
        span.classList.toggle("rnnviz-in", inside);
        span.classList.toggle("rnnviz-at", place === cursor);
      }
    });
    const at = this.cells[cursor]?.last;
    rows.forEach((row, unit) => {
      for (const label of this.labels[unit]) {
        const value = at === undefined ? row.note : fixed(row.values[at], 2);
        label.replaceChildren(
          element("span", "", t("unit {unit}", row)),
          element("b", at === undefined ? "rnnviz-quiet" : "", value),
        );
      }
    });
  }

  // The place of the cell of a time step; null where there is none.
  placeOf(time) {
    if (typeof time !== "number") return null;
    const place = this.cells.findIndex((cell) => cell.first <= time && time <= cell.last);
    return place < 0 ? null : place;
  }

  // The place of the cell under the pointer; null where there is none.
  under({ clientX, clientY }) {
    const cell = document.elementFromPoint(clientX, clientY)?.closest?.(".rnnviz-cell");
    return cell && this.room.contains(cell) ? Number(cell.dataset.place) : null;
  }
}

// The room for what stands before each row.
function labelled(rows) {
  const names = rows.map((row) => t("unit {unit}", row).length * LETTER + VALUE);
  return Math.max(LABEL, t("property").length * LETTER, ...names);
}
