// A figure with larger type, for a projector: what is drawn is the same.

const LARGE = 1.3;
const SMALL = 1.15; // where a figure has little room
let by = LARGE;

export const presenting = () => document.documentElement.hasAttribute("data-rnnviz-present");

const GROWING = new Set(["xshift", "yshift", "ticklen", "thickness", "standoff"]);

function words(text) {
  return text.replace(
    /font-size:\s*([\d.]+)px/g,
    (_, size) => `font-size:${Math.round(size * by)}px`,
  );
}

function grown(value, key) {
  if (typeof value === "string") return words(value);
  if (Array.isArray(value)) return value.map((each) => grown(each, key));
  if (value === null || typeof value !== "object") return value;
  const made = {};
  for (const [name, each] of Object.entries(value)) {
    const size =
      (name === "size" && /font$/i.test(key)) ||
      key === "margin" ||
      key === "pad" ||
      GROWING.has(name);
    made[name] = size && typeof each === "number" ? each * by : grown(each, name);
  }
  return made;
}

function trace(given) {
  const made = { ...given };
  for (const name of ["textfont", "colorbar", "hoverlabel"]) {
    if (given[name]) made[name] = grown(given[name], name);
  }
  if (typeof given.line?.width === "number") {
    made.line = { ...given.line, width: given.line.width * by };
  }
  if (typeof given.marker?.size === "number") {
    made.marker = { ...given.marker, size: given.marker.size * by };
  }
  return made;
}

export function enlarged({ data, layout }, height) {
  const axes = Object.keys(layout).filter((name) => /^yaxis\d*$/.test(name)).length;
  by = height < 300 || axes > 4 ? SMALL : LARGE;
  return { data: data.map(trace), layout: grown(layout, "") };
}
