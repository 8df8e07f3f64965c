// Equations set in type: in letters once, their numbers at every time step by textContent alone.
import { plain, scientific } from "./numbers.js";

// Build a cell's equations in `parent`; return functions (columns, t) that put the numbers in.
export function equations(parent, course, gradient) {
  const lines = [];
  const kind = gradient ? "gradient" : "values";
  const nodes = course.equations[kind].map((equation) => {
    const block = make("div", "rnnviz-equation");
    const letters = make("div", "rnnviz-letters");
    letters.append(...equation.left.map(setLetters), " = ", ...equation.letters.map(setLetters));
    const numbers = make("div", "rnnviz-numbers");
    equation.numbers.forEach((side) => {
      const part = make("span", "rnnviz-side");
      part.append("= ", ...side.map((piece) => setNumbers(piece, lines)));
      numbers.append(part, " ");
    });
    numbers.lastElementChild.classList.add("rnnviz-result");
    if (equation.result !== equation.signal) numbers.append(changedByHand(equation, lines));
    block.append(letters, numbers);
    return block;
  });
  const notes = course.notes[kind].map((text) => {
    const note = make("p", "rnnviz-aside");
    note.append(...text.split(/(δ_out|δv|b_hn)/).map((part) => {
      const [letter, below] = part.split("_");
      return /^(δ_out|δv|b_hn)$/.test(part) ? setLetters({ letter, below, hue: "" }) : part;
    }));
    return note;
  });
  parent.replaceChildren(...nodes, ...notes);
  return lines;
}

function setLetters(piece) {
  if (piece.text !== undefined) return piece.text;
  const node = make("i", "rnnviz-letter");
  node.textContent = piece.letter;
  colour(node, piece.hue);
  if (piece.below) {
    const below = document.createElement("sub");
    below.textContent = piece.below;
    node.append(below);
  }
  return node;
}

function setNumbers(piece, lines) {
  if (piece.number === undefined) return setLetters(piece);
  const { number, op } = piece;
  const node = make("span", "rnnviz-number");
  node.dataset.number = number;
  colour(node, piece.hue);
  const format = number.startsWith("gradient.") ? (value) => scientific(value, 2) : plain;
  const sums = op === "+" || op === "−";
  const sign = document.createElement("span");
  sign.textContent = op ? `${op} ` : "";
  let now, nowSign;
  lines.push((columns, t) => {
    const value = columns[number]?.[t] ?? NaN;
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
  const both = make("span", "rnnviz-term");
  both.append(sign, node);
  return both;
}

// Where something changed a value, the equation's result is not what goes on.
function changedByHand({ signal, result }, lines) {
  const node = make("span", "rnnviz-set");
  let now;
  lines.push((columns, t) => {
    const value = columns[signal][t];
    const text = value === columns[result][t] ? "" : `, but changed to ${plain(value)}`;
    if (text !== now) node.textContent = now = text;
  });
  return node;
}

function colour(node, hue) {
  if (hue) node.style.color = `var(--${hue}-text)`;
}

function make(name, kind) {
  const node = document.createElement(name);
  node.className = kind;
  return node;
}
