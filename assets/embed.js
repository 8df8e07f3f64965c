// An embedded figure: its address says what is shown; nothing can be ordered from here.
import { Figure } from "./figure.js";

const [, prefix, run, view] = /^(.*)\/embed\/([^/]+)\/([^/]+)$/.exec(location.pathname) ?? [];
const query = Object.fromEntries(new URLSearchParams(location.search));
const { step, theme, ...choice } = query;
const home = document.querySelector(".rnnviz-figure");
const figure = new Figure(home, prefix);
figure.update(
  {
    base: prefix,
    route: "embedded",
    run: decodeURIComponent(run),
    view: decodeURIComponent(view),
    query: choice,
    height: "100%",
    step: /^\d{1,9}$/.test(step ?? "") ? Number(step) : null,
  },
  theme === "dark" ? "dark" : "light",
);
