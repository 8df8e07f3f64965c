// Equations set in type: in letters once, their numbers at every time step by textContent alone.
import { element } from "./dom.js";
import { plain, scientific } from "./numbers.js";
import { t } from "./words.js";

/**
 * Plain text, or a letter with what stands below it, or the place of a column's number.
 * @typedef {{text: string} | {letter: string, below: string, hue: string}
 *   | {number: string, op: string, hue: string}} Piece
 */

/**
 * @typedef {object} Equation
 * @property {Piece[]} left
 * @property {Piece[]} letters
 * @property {Piece[][]} numbers right-hand sides, the last the result
 * @property {string} signal the column of what goes on
 * @property {string} result the column of what the equation gives
 */

/**
 * Set a cell's equations and the notes below them in type.
 * @param {HTMLElement} parent
 * @param {Equation[]} all
 * @param {Piece[][]} notes
 * @returns {((columns: Record<string, Float32Array>, time: number) => void)[]} what puts the
 *   numbers of a time step in
 */
export function equations(parent, all, notes) {
  const lines = [];
  const nodes = all.map((equation) => {
    const block = element("div", "rnnviz-equation");
    const letters = element("div", "rnnviz-letters");
    letters.append(...equation.left.map(setLetters), " = ", ...equation.letters.map(setLetters));
    const numbers = element("div", "rnnviz-numbers");
    equation.numbers.forEach((side) => {
      const part = element("span", "rnnviz-side");
      part.append("= ", ...side.map((piece) => setNumbers(piece, lines)));
      numbers.append(part, " ");
    });
    numbers.lastElementChild.classList.add("rnnviz-result");
    if (equation.result !== equation.signal) numbers.append(changedByHand(equation, lines));
    block.append(letters, numbers);
    return block;
  });
  const asides = notes.map((pieces) => {
    const note = element("p", "rnnviz-aside");
    note.append(...pieces.map(setLetters));
    return note;
  });
  parent.replaceChildren(...nodes, ...asides);
  return lines;
}

function setLetters(piece) {
  if (piece.text !== undefined) return piece.text;
  const node = element("i", "rnnviz-letter", piece.letter);
  colour(node, piece.hue);
  if (piece.below) {
    node.append(element("sub", "", piece.below));
  }
  return node;
}

function setNumbers(piece, lines) {
  if (piece.number === undefined) return setLetters(piece);
  const { number, op } = piece;
  const node = element("span", "rnnviz-number");
  node.dataset.number = number;
  colour(node, piece.hue);
  const format = number.startsWith("gradient.") ? (value) => scientific(value, 2) : plain;
  const sums = op === "+" || op === "−";
  const sign = element("span", "", op ? `${op} ` : "");
  let now, nowSign;
  lines.push((columns, time) => {
    const value = columns[number]?.[time] ?? NaN;
    let text = format(value);
    const negative = text.startsWith("−");
    if (sums) {
      const said = `${negative === (op === "−") ? "+" : "−"} `;
      if (said !== nowSign) sign.textContent = nowSign = said;
      if (negative) text = text.slice(1);
    } else if (op && negative) {
      text = `(${text})`;
    }
    if (text !== now) node.textContent = now = text;
  });
  const both = element("span", "rnnviz-term");
  both.append(sign, node);
  return both;
}

// Where something changed a value, the equation's result is not what goes on.
function changedByHand({ signal, result }, lines) {
  const node = element("span", "rnnviz-set");
  let now;
  lines.push((columns, time) => {
    const value = columns[signal][time];
    const same = value === columns[result][time];
    const text = same ? "" : t(", but changed to {value}", { value: plain(value) });
    if (text !== now) node.textContent = now = text;
  });
  return node;
}

function colour(node, hue) {
  if (hue) node.style.color = `var(--${hue}-text)`;
}
