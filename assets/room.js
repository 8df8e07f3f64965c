// A figure's titles in the room that they have: what is too long for it takes another line. The
// words of another language are longer than those that the figure was composed with.

const BUTTON = 48; // px at the right of the title, where the export button stands
const LEGEND = 44; // px of a line, and the gaps, before each name in a legend
const SMALLEST = 8; // px of type
const EDGE = 3; // px from the figure's left, where a title begins that is long
const UNDER = 56; // px of the numbers and the title under an upper panel
const LINE = 16; // px of one more line of it
const TICK = 8; // px by which the highest number at an axis stands over it
const BREAK = "<br>";
const TOKENS =
  /<[^>]+>|&\w+;|\s+|[\u2e80-\u9fff\uff00-\uffef]|.[^<&\s\u2e80-\u9fff\uff00-\uffef]*/g;
const SIGN = /^[\u2e80-\u9fff\uff00-\uffef]$/; // of Chinese: a line may end before and after it
const TAG = /^<(\/?)(\w+)[^>]*>$/;
const SIZE = /font-size:\s*([\d.]+)px/;
let pen;

/**
 * Break a text of Plotly's, tags and all, into lines of at most so many pixels.
 * @param {string} text
 * @param {number} room
 * @param {{size: number, family: string, weight?: number}} font
 * @param {(text: string, font: string) => number} [measure]
 */
export function broken(text, room, font, measure = wide) {
  const opened = [{ size: font.size, weight: font.weight ?? 400 }];
  const face = () => `${opened.at(-1).weight} ${opened.at(-1).size}px ${font.family}`;
  let line = 0;
  let made = "";
  let blank = "";
  let word = { text: "", width: 0 }; // with its tags: a symbol with an index is one
  const finish = () => {
    if (!word.text) return;
    const before = line ? measure(blank, face()) : 0;
    const breaks = line > 0 && line + before + word.width > room;
    made += (breaks ? BREAK : blank) + word.text;
    line = breaks ? word.width : line + before + word.width;
    blank = "";
    word = { text: "", width: 0 };
  };
  for (const token of text.match(TOKENS) ?? []) {
    const [, closes, name] = TAG.exec(token) ?? [];
    const alone = name === "br" || SIGN.test(token);
    if (alone || /^\s+$/.test(token)) finish();
    if (name === "br") {
      made += blank + token;
      blank = "";
      line = 0;
    } else if (name) {
      if (closes) opened.pop();
      else opened.push(styled(opened.at(-1), name, token));
      word.text += token;
    } else if (/^\s+$/.test(token)) {
      blank = token;
    } else {
      word.text += token;
      word.width += measure(token, face());
      if (alone) finish();
    }
  }
  finish();
  return made + blank;
}

function styled({ size, weight }, name, token) {
  if (name === "b") return { size, weight: 700 };
  if (name === "sub" || name === "sup") return { size: 0.7 * size, weight };
  return { size: Number(SIZE.exec(token)?.[1] ?? size), weight };
}

function wide(text, font) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = font;
  return pen.measureText(text).width;
}

/**
 * The figure with its title and those of its axes in lines that fit.
 * @param {{data: object[], layout: Record<string, any>}} figure
 * @param {number} width
 * @param {number} height
 */
export function inRoom({ data, layout }, width, height) {
  const { l = 0, r = 0, t = 0, b = 0 } = layout.margin ?? {};
  const made = { ...layout };
  const family = layout.font?.family ?? "sans-serif";
  for (const [name, axis] of Object.entries(layout)) {
    const [, letter] = /^([xy])axis\d*$/.exec(name) ?? [];
    if (!letter || !axis.title?.text) continue;
    const [from, to] = axis.domain ?? [0, 1];
    const room = (to - from) * (letter === "x" ? width - l - r : height - t - b);
    const text = broken(axis.title.text, room, { size: 13, ...axis.title.font, family });
    made[name] = { ...axis, title: { ...axis.title, text } };
  }
  const size = { l, width: Math.max(1, width - l - r), height: Math.max(1, height - t - b), r };
  const notes = layout.annotations?.map((note) => noted(note, layout.annotations, size, family));
  if (notes) made.annotations = notes;
  const { title, legend } = layout;
  if (!title?.text) return { data, layout: made };
  const names = namesOf(data, layout, family);
  if (names > size.width && legend.y > 0 && legend.y < 1) {
    // between two panels, where there is one line of room: below both then
    const under = 20 * Math.ceil(names / size.width);
    made.legend = { ...legend, yref: "container", y: 0, yanchor: "bottom" };
    made.margin = { ...layout.margin, b: b + under };
  }
  const font = { size: 15, ...title.font, family };
  const fits = (room) => broken(title.text, room, font) === title.text;
  const edge = title.xref === "container" || !fits(width - l - BUTTON);
  const left = edge ? EDGE : l;
  const text = broken(title.text, width - left - BUTTON, font);
  const lines = text.split(BREAK).length - title.text.split(BREAK).length;
  const over = edge && title.xref !== "container" ? TICK : 0; // an axis' numbers
  const raised = over + lines * 1.3 * font.size + beside(names, layout, text, width - left, font);
  made.title = { ...title, text, ...(edge && { xref: "container", x: EDGE / width }) };
  if (raised) {
    // a title grows downwards from where its first line stands
    made.title.pad = { ...title.pad, b: (title.pad?.b ?? 0) + raised };
    made.margin = { ...made.margin, t: t + raised };
  }
  return { data, layout: made };
}

/**
 * How many pixels tall a figure's panels have to be together for what stands between them.
 * @param {{layout: Record<string, any>}} figure
 */
export function leastArea({ layout }) {
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name));
  const ends = axes.filter(([name]) => name[0] === "y").map(([, { domain }]) => domain?.[1] ?? 1);
  let least = 0;
  for (const [name, { title, anchor = "y" }] of axes) {
    if (name[0] === "y" || !title?.text) continue;
    const foot = layout[anchor.replace("y", "yaxis")]?.domain?.[0] ?? 0;
    const gap = foot - Math.max(...ends.filter((end) => end < foot));
    const needed = UNDER + LINE * (title.text.split(BREAK).length - 1);
    if (gap < 1) least = Math.max(least, needed / gap);
  }
  return least;
}

// Words at a place of the picture, in smaller type where they would reach into the next.
function noted(note, all, { l, r, width, height }, family) {
  if (note.showarrow !== false || note.xref !== "paper" || !note.text) return note;
  const font = { size: 12, ...note.font, family };
  const left = note.xanchor === "left";
  const others = all.filter((other) => other !== note && other.xref === "paper");
  const nexts = others.filter(({ x, y }) => Math.abs(y - note.y) < 0.02 && x > note.x);
  const end = Math.min(1 + (r - 10) / width, ...nexts.map(({ x }) => x - 6 / width));
  const from = note.x * width + (note.xshift ?? 0);
  const across = left ? end * width - from : from + l;
  const lines = note.text.split(BREAK);
  const widest = Math.max(...lines.map((line) => lengthOf(line, font)));
  if (!left && note.x === 1) {
    return { ...note, text: broken(note.text, 0.9 * width, font) };
  }
  // a column of notes: none may reach into the one below
  const column = others.filter(({ x, y }) => x === note.x && Math.abs(y - note.y) > 0.02);
  const gaps = note.yref === "paper" ? column.map(({ y }) => Math.abs(y - note.y) * height) : [];
  const tall = lines.reduce((sum, line) => sum + 1.3 * tallest(line, font.size), 0);
  const share = Math.min(1, across / widest, ...gaps.map((gap) => gap / tall));
  const by = Math.max(share, SMALLEST / font.size);
  if (!(by < 1)) return note;
  const text = note.text.replaceAll(/font-size:\s*([\d.]+)px/g, (_, px) => {
    return `font-size:${(px * by).toFixed(1)}px`;
  });
  return { ...note, text, font: { ...note.font, size: font.size * by } };
}

const tallest = (line, size) => Math.max(size, Number(SIZE.exec(line)?.[1] ?? 0));

function lengthOf(text, font) {
  let width = 0;
  const measure = (token, face) => {
    const wideness = wide(token, face);
    width += wideness;
    return wideness;
  };
  broken(text, Infinity, font, measure);
  return width;
}

// How much higher the title has to stand where the legend needs the room beside it.
function beside(names, { legend }, text, room, font) {
  if (!names || legend.y !== 1) return 0;
  const longest = Math.max(
    ...text.split(BREAK).map((line) => wide(plain(line), `600 ${font.size}px ${font.family}`)),
  );
  return longest + names > room ? 22 * Math.ceil(names / room) : 0;
}

// How long the line of a legend is; 0 where there is none.
function namesOf(data, { legend, showlegend }, family) {
  if (showlegend === false || legend?.orientation !== "h") return 0;
  const shown = data.filter((trace) => trace.name && trace.showlegend !== false);
  if (!shown.length || (shown.length === 1 && !showlegend)) return 0;
  const face = `400 ${legend.font?.size ?? 12}px ${family}`;
  return shown.reduce((sum, { name }) => sum + LEGEND + wide(plain(name), face), 0);
}

const plain = (text) => text.replaceAll(/<[^>]+>/g, "");

// All that `inRoom` may change, to be compared.
export function titlesOf({ layout }) {
  const { title, margin, annotations, legend } = layout;
  const axes = Object.keys(layout).filter((name) => /^[xy]axis/.test(name));
  return JSON.stringify([
    title,
    margin,
    annotations,
    legend,
    axes.map((name) => layout[name].title),
  ]);
}
