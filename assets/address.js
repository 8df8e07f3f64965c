// Where on the server a view of a run is: the one place that knows how such an address is written.
import { language } from "./words.js";

/**
 * What the page tells a component: which view of which run it shows.
 * @typedef {object} Shown
 * @property {string} base what stands before every address of the server
 * @property {string} [route] "live" unless something else is asked of the view
 * @property {string} run a run, a study, "draft", or "trace." and the name of a kept trace
 * @property {string} view
 * @property {Record<string, any>} query the choices: layer, signal, sample, …
 * @property {number | null} [step] the step of training; null follows the run
 * @property {string} [height] any CSS height
 * @property {object} [offered] what can be made of the figure (rnnviz/export/menu.py)
 */

/**
 * @param {Shown} shown
 * @param {string} [theme] "light" or "dark", for what has colours
 */
export function addressOf({ base, route = "live", run, view, query }, theme) {
  const asked = new URLSearchParams(theme ? { ...query, theme } : query);
  if (language !== "en") asked.set("lang", language);
  return `${base}/${route}/${encodeURIComponent(run)}/${view}?${asked}`;
}
