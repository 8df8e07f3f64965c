// Between two pictures of a live chart often nothing moves but its lines. Then they alone are
// drawn: Plotly.react does so where a layout has a transition, here one of no duration, and leaves
// the axes, the legend and the title as they are. That is half the work of a whole picture.

const AXIS = /^[xy]axis\d*$/;
const MARKUP = /[<>&]/;
const END = "</span>"; // of the title's quiet words

// All of a figure that has to stand still for that, written out; null where Plotly can't do it.
export function still({ data, layout }) {
  const fixed = ({ range }) => range?.every((end) => end !== null);
  const ranged = Object.keys(layout).every((name) => !AXIS.test(name) || fixed(layout[name]));
  if (!ranged || !data.every(({ type }) => type === "scatter")) return null;
  const frame = { ...layout, meta: null, title: { ...layout.title, text: unmoved(layout) } };
  return JSON.stringify([frame, data.map(({ x, y, ...style }) => style)]);
}

// The layout with which only the lines are drawn: Plotly takes another array for other ticks.
export function linesOnly(plot, layout) {
  const made = { ...layout, transition: { duration: 0 } };
  for (const name of Object.keys(layout).filter((each) => AXIS.test(each))) {
    const { tickvals, ticktext } = plot.layout[name];
    made[name] = { ...layout[name], ...(tickvals && { tickvals }), ...(ticktext && { ticktext }) };
  }
  return made;
}

// Write the title's quiet words, which such a picture leaves as they were.
export function renote(plot, layout) {
  const note = noteOf(layout);
  if (!note) return;
  const title = plot.querySelector(".gtitle");
  title.dataset.unformatted = layout.title.text;
  let last = title.lastElementChild;
  while (last.lastElementChild) last = last.lastElementChild; // on a line of its own, it is in that
  last.textContent = note;
}

// The quiet words at the title's end, where they are words alone; "" where there are none.
function noteOf({ title, meta }) {
  const note = meta?.note ?? "";
  return !MARKUP.test(note) && title?.text?.endsWith(`${note}${END}`) ? note : "";
}

// The title without them.
function unmoved(layout) {
  const note = noteOf(layout);
  const text = layout.title?.text;
  return note ? text.slice(0, -(note + END).length) : text;
}
