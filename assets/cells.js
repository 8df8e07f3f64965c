// A text as cells: what people see as one character, and where its lines end.

const CELL = 17; // px, of one character at most
const SMALLEST = 10;
const PLAIN = 13; // where a text takes several lines anyway
const NUMBER = 7.5; // of each character of a number

// What takes the room of two letters.
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const EAST_ASIAN = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u;
const isWide = (segment) => EMOJI.test(segment) || EAST_ASIAN.test(segment);

/**
 * @typedef {object} Cell
 * @property {string} shown
 * @property {number} first its first time step
 * @property {number} last its last time step
 * @property {number} wide in letters
 */

/**
 * Time steps -> cells: a letter with its accents, or an emoji of several parts, is one cell.
 * @param {string[]} symbols what goes in at each time step
 * @param {"text" | "numbers"} kind
 * @returns {Cell[]}
 */
export function cellsOf(symbols, kind) {
  if (kind !== "text") {
    return symbols.map((shown, step) => ({
      shown,
      first: step,
      last: step,
      wide: shown.length + 1,
    }));
  }
  const steps = symbols.flatMap((symbol, step) =>
    Array.from({ length: symbol.length }, () => step),
  );
  const cells = [];
  for (const { segment, index } of new Intl.Segmenter().segment(symbols.join(""))) {
    const first = steps[index];
    const last = steps[index + segment.length - 1];
    const before = cells[cells.length - 1];
    if (before && before.last >= first) {
      // a symbol that is shown by several characters
      before.shown += segment;
      before.last = last;
      before.wide += 1;
    } else {
      cells.push({
        shown: segment === "␣" ? "\u00a0" : segment,
        first,
        last,
        wide: isWide(segment) ? 2 : 1,
      });
    }
  }
  return cells;
}

/**
 * Break cells into lines of about one length.
 * @param {Cell[]} cells
 * @param {"text" | "numbers"} kind
 * @param {number} room pixels of a line
 * @returns {{size: number, lines: [number, number][]}} pixels of a letter, and the cells
 *   [from, to) of each line
 */
export function layOut(cells, kind, room) {
  const widest = Math.max(...cells.map((cell) => cell.wide));
  const total = cells.reduce((sum, cell) => sum + cell.wide, 0);
  let size = NUMBER;
  if (kind === "text") size = room / total >= SMALLEST ? Math.min(CELL, room / total) : PLAIN;
  const fit = Math.max(widest, Math.floor(room / size + 0.001));
  const most = Math.max(widest, Math.ceil(total / Math.ceil(total / fit)));
  const lines = [];
  for (let from = 0; from < cells.length;) {
    let to = from;
    for (let taken = 0; to < cells.length && taken + cells[to].wide <= most; to++) {
      taken += cells[to].wide;
    }
    lines.push([from, to]);
    from = to;
  }
  return { size, lines };
}

/** Symbols in one string: words stand apart, letters do not. */
export function spelled(symbols) {
  return symbols.join(symbols.some((symbol) => symbol.length > 2) ? " " : "");
}
