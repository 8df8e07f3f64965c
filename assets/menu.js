// The menu of a figure: what is on screen as a file, as an animation, and its link.
import { snippet } from "./embedding.js";
import { Lecture } from "./lecture.js";
import { Looks, choice, keep, make } from "./parts.js";
import { language, t } from "./words.js";
import { Work } from "./work.js";

const OWN = ["png", "svg"]; // what plotly.js can write without the server's browser
const EDGE = 8; // pixels between the menu and the window
let count = 0;

export class Menu {
  // `shown` returns what is on screen: base, run, view, query, theme, step, at, plot, and
  // `offered`, what the server can make of it (rnnviz/export/menu.py).
  constructor(home, shown) {
    this.home = home;
    this.shown = shown;
    this.button = make("button", "rnnviz-export", {
      type: "button",
      title: t("Export this figure"),
      "aria-label": t("Export this figure"),
      "aria-expanded": "false",
    });
    this.button.innerHTML =
      '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3v9m-4-4 4 4 4-4M4 16h12"/></svg>';
    this.button.onclick = () => (this.panel ? this.close() : this.open());
    home.append(this.button);
    this.onKey = (event) => this.key(event);
    this.onDown = (event) => {
      if (
        this.panel &&
        !this.busy() &&
        !event.composedPath().some((each) => each === this.panel || each === this.button)
      ) {
        this.close();
      }
    };
    this.onMove = () => this.panel && this.place();
  }

  open() {
    const id = `rnnviz-export-${++count}`;
    const panel = make("div", "rnnviz-menu", {
      role: "group",
      "aria-label": t("Export this figure"),
      id,
    });
    const formats = make("div", "rnnviz-formats", {});
    const { offered } = this.shown();
    for (const [format, name, says] of offered.formats) {
      const button = make("button", "", { type: "button", "data-format": format });
      button.append(make("b", "", {}, name), make("span", "", {}, says));
      button.onclick = () => this.save(format, button);
      formats.append(button);
    }
    this.looks = new Looks(offered.looks);
    this.says = make("p", "", { role: "status" });
    panel.append(formats, ...this.looks.labels, ...this.more(), this.says);
    this.home.append(panel);
    this.panel = panel;
    if (panel.showPopover) {
      // above all else on the page, whatever clips or covers the figure
      panel.popover = "manual";
      panel.showPopover();
    }
    this.place();
    this.button.setAttribute("aria-expanded", "true");
    this.button.setAttribute("aria-controls", id);
    window.addEventListener("keydown", this.onKey, true);
    document.addEventListener("pointerdown", this.onDown);
    window.addEventListener("resize", this.onMove);
    window.addEventListener("scroll", this.onMove, true);
    formats.querySelector("button").focus({ preventScroll: true });
  }

  // What takes longer, or is no file.
  more() {
    const { base, run, offered, time } = this.shown();
    const parts = [];
    const over = [];
    if (offered.training) over.push(["training", t("over training")]);
    if (time) over.push(["time", t("over time")]);
    if (over.length) {
      const row = make("div", "rnnviz-moving", {});
      const { label, select } = choice(t("Animate"), over);
      const room = make("div", "", {});
      this.work = new Work(room, (text) => this.say(text));
      row.append(
        ...offered.moving.map(([format, name]) => {
          const button = make("button", "", { type: "button", "data-moving": format }, name);
          button.onclick = () => this.animate(row, select.value, format);
          return button;
        }),
      );
      parts.push(make("hr", "", {}), label, row, room);
    }
    const link = make("button", "rnnviz-link", { type: "button" }, t("Copy link to this page"));
    link.onclick = () => this.copy();
    parts.push(link);
    if (offered.run && this.shown().plot) {
      const embed = make("button", "rnnviz-link", { type: "button" }, t("Copy HTML to embed"));
      embed.onclick = () => this.embed();
      parts.push(embed);
    }
    if (offered.run) {
      const lecture = make("button", "rnnviz-link", { type: "button" }, t("Lecture bundle …"));
      lecture.onclick = () => {
        const box = make("div", "rnnviz-lecture", {});
        lecture.replaceWith(box);
        this.lecture = new Lecture(
          box,
          base,
          run,
          () => this.asked(),
          () => this.place(),
        );
        box.querySelector("button").focus({ preventScroll: true });
      };
      parts.push(lecture);
    }
    return parts;
  }

  async animate(row, over, format) {
    const { base, run, view } = this.shown();
    const asked = this.asked();
    asked.set("over", over);
    asked.set("as", format);
    for (const button of row.children) button.disabled = true;
    await this.work.run(base, `animation/${encodeURIComponent(run)}/${view}?${asked}`);
    for (const button of row.children) button.disabled = false;
  }

  busy() {
    return this.work?.path || this.lecture?.work.path;
  }

  // Below the button where there is room, else as far up as it needs.
  place() {
    const at = this.button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.panel;
    const left = Math.min(Math.max(EDGE, at.right - width), innerWidth - width - EDGE);
    const top = Math.max(EDGE, Math.min(at.bottom + 4, innerHeight - height - EDGE));
    this.panel.style.left = `${left}px`;
    this.panel.style.top = `${top}px`;
  }

  close(back = false) {
    window.removeEventListener("keydown", this.onKey, true);
    document.removeEventListener("pointerdown", this.onDown);
    window.removeEventListener("resize", this.onMove);
    window.removeEventListener("scroll", this.onMove, true);
    this.work?.end();
    this.lecture?.end();
    this.work = this.lecture = null;
    this.panel?.remove();
    this.panel = null;
    this.button.setAttribute("aria-expanded", "false");
    this.button.removeAttribute("aria-controls");
    if (back) this.button.focus();
  }

  // The page's own keys (Space trains, arrows go through time) rest while the menu has the focus.
  key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close(true);
    } else if (event.composedPath().includes(this.panel)) {
      event.stopPropagation();
    }
  }

  // The address, and what of the screen and of the choices it has to say.
  asked() {
    const { query, theme, step, at, plot } = this.shown();
    const asked = new URLSearchParams(query);
    if (language !== "en") asked.set("lang", language);
    this.looks.ask(asked, theme);
    if (step.chosen !== null) asked.set("step", step.chosen);
    else if (/^\d+$/.test(step.shown ?? "")) asked.set("shown", step.shown);
    if (Number.isInteger(at)) asked.set("t", at);
    for (const [name, value] of plot ? zoomed(plot) : []) asked.set(name, value);
    return asked;
  }

  async save(format, button) {
    const { base, run, view, plot } = this.shown();
    button.disabled = true;
    this.say(t("Being made …"));
    try {
      const answer = await fetch(
        `${base}/export/${encodeURIComponent(run)}/${view}.${format}?${this.asked()}`,
      );
      if (answer.status === 503 && OWN.includes(format) && plot) {
        await window.Plotly.downloadImage(plot, {
          format,
          filename: `rnnviz-${view}`,
          scale: format === "png" ? Number(this.looks.chosen().pixels) : 1,
          width: plot.offsetWidth,
          height: plot.offsetHeight,
        });
        this.say(
          t(
            "Saved by your own browser, as it is on screen: " +
              "the server has no Chromium to draw other sizes and colours.",
          ),
        );
        return;
      }
      if (!answer.ok) throw new Error(await answer.text());
      keep(await answer.blob(), `rnnviz-${view}.${format}`);
      this.say(t("{file} is saved.", { file: `rnnviz-${view}.${format}` }));
    } catch (error) {
      this.say(
        error instanceof TypeError ? t("The server did not answer: try again.") : error.message,
      );
    } finally {
      button.disabled = false;
      if (this.panel && document.activeElement === document.body) button.focus();
    }
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.say(t("The link is copied."));
    } catch {
      this.say(location.href); // a page without https may not write to the clipboard
    }
  }

  async embed() {
    const { step, theme, plot } = this.shown();
    const lines = snippet(this.shown(), theme, step.chosen, plot.layout?.meta?.alt ?? t("Figure"));
    try {
      await navigator.clipboard.writeText(lines);
      this.say(
        t(
          "Copied: put it into the HTML of any page. " +
            "It shows this figure as long as the server runs.",
        ),
      );
    } catch {
      this.say(lines);
    }
  }

  say(text) {
    if (!this.panel) return;
    this.says.textContent = text;
    this.place();
  }

  destroy() {
    this.close();
    this.button.remove();
  }
}

// The ranges that the visitor zoomed to, and the lines switched off in the legend.
function zoomed(plot) {
  const layout = plot._fullLayout;
  const changed = Object.keys(layout?._preGUI ?? {});
  const found = [];
  for (const name of new Set(changed.map((key) => /^([xy]axis\d*)\.(auto)?range/.exec(key)?.[1]))) {
    const axis = name && layout[name];
    if (axis && !axis.autorange) found.push([`range.${name}`, axis.range.join(",")]);
  }
  const off = plot._fullData
    .filter((trace) => trace.visible === "legendonly")
    .map((trace) => trace.index);
  return off.length ? [...found, ["hidden", off.join(",")]] : found;
}
