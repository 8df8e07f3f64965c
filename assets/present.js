// Presenter mode: larger type, the form and the header folded away, a light that follows the mouse,
// and the keys of a clicker. It is switched here, at once; the server only writes it into the
// address.
import { named } from "./dom.js";
import { lasting } from "./socket.js";
import { t } from "./words.js";

const REST = 2500; // milliseconds after which a mouse that stands has no light

class Present {
  constructor(home) {
    this.home = home;
    this.name = home.querySelector("span");
    named(home, {
      ".rnnviz-presenting": t("Presenter mode"),
      "[data-do=back]": t("Previous page"),
      "[data-do=next]": t("Next page"),
      "[data-do=leave]": t("Leave presenter mode"),
    });
    const enter = home.querySelector("[data-do=enter]");
    enter.textContent = t("Present");
    // the row of pages leaves as much room as its words need (present.css)
    document.documentElement.style.setProperty("--rnnviz-present", `${enter.offsetWidth}px`);
    enter.title = t("Larger type, and no form: for a projector (key P)");
    home.querySelector("[data-do=leave]").title = t("Leave presenter mode (key P or Escape)");
    for (const button of home.querySelectorAll("button")) {
      button.addEventListener("click", () => this.act(button.dataset.do));
    }
    this.light = document.createElement("div");
    this.light.className = "rnnviz-light";
    this.light.hidden = true;
    document.body.append(this.light);
    this.onKey = (event) => this.key(event);
    this.onMove = (event) => this.move(event);
    window.addEventListener("keydown", this.onKey);
    window.addEventListener("pointermove", this.onMove, { passive: true });
    this.onLeave = () => this.dark();
    document.documentElement.addEventListener("mouseleave", this.onLeave);
  }

  update({ data, setStateValue, setTriggerValue }) {
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    this.name.textContent = data.title;
    if (this.on === undefined) this.turn(data.on);
  }

  turn(on) {
    this.on = on;
    document.documentElement.toggleAttribute("data-rnnviz-present", on);
    if (!on) this.dark();
    window.dispatchEvent(new CustomEvent("rnnviz:present", { detail: { on } }));
  }

  act(what) {
    if (what === "enter" || what === "leave") {
      this.turn(what === "enter");
      this.setStateValue("on", this.on);
    } else {
      this.setTriggerValue("go", what === "next" ? 1 : -1);
    }
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
      return;
    }
    const writes = "input:not([type=range]), textarea, select, [contenteditable], [role=combobox]";
    if (event.target.closest?.(writes)) return;
    const pages = { PageDown: "next", PageUp: "back" };
    const arrows = { ArrowRight: "next", ArrowLeft: "back" };
    // an arrow belongs to whatever has the focus and can use it
    const free = !event.target.closest?.(
      "input, [role=slider], [role=radio], [role=tab], [role=radiogroup]",
    );
    let what = null;
    if (event.key.toLowerCase() === "p" && !event.shiftKey) what = this.on ? "leave" : "enter";
    else if (this.on && event.key === "Escape") what = "leave";
    else if (this.on) what = pages[event.key] ?? (free ? arrows[event.key] : null);
    if (!what) return;
    event.preventDefault();
    this.act(what);
  }

  move(event) {
    if (!this.on || event.pointerType === "touch") return;
    this.light.hidden = false;
    this.home.classList.add("rnnviz-pointed"); // so are the keys of this mode
    this.light.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.dark(), REST);
  }

  dark() {
    this.light.hidden = true;
    this.home.classList.remove("rnnviz-pointed");
  }

  destroy() {
    clearTimeout(this.resting);
    this.light.remove();
    window.removeEventListener("keydown", this.onKey);
    window.removeEventListener("pointermove", this.onMove);
    document.documentElement.removeEventListener("mouseleave", this.onLeave);
  }
}

export function mount(component) {
  const [present, end] = lasting(component.parentElement, (home) => new Present(home));
  present.update(component);
  return end;
}
