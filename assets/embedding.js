// The lines of HTML that show a figure of a run on another site.
import { addressOf } from "./address.js";

const attribute = (text) =>
  text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

// data: what the figure component was told; step: null follows the run. null: a draft has no run.
export function snippet(data, theme, step, title) {
  if (data.run === "draft") return null;
  const query = step === null || step === undefined ? data.query : { ...data.query, step };
  const path = addressOf({ ...data, route: "embed", query }, theme);
  const src = attribute(new URL(path, location.origin).href);
  const looks = 'width="960" height="540" loading="lazy" style="border: 0; max-width: 100%"';
  return `<iframe src="${src}" title="${attribute(title)}" ${looks}></iframe>`;
}
