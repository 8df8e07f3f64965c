// The lines of HTML that show a figure of a run on another site.

const attribute = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

// data: what the figure component was told; step: null follows the run. null: a draft has no run.
export function snippet(data, theme, step, title) {
  if (data.run === "draft") return null;
  const query = new URLSearchParams({ ...data.query, theme });
  if (step !== null && step !== undefined) query.set("step", step);
  const path = `${data.base}/embed/${encodeURIComponent(data.run)}/${data.view}?${query}`;
  const src = attribute(new URL(path, location.origin).href);
  return `<iframe src="${src}" title="${attribute(title)}" width="960" height="540" loading="lazy" style="border: 0; max-width: 100%"></iframe>`;
}
