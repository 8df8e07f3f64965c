// Parts of the export menus: elements, the choices of how files are to look, and files that
// are kept.
import { t } from "./words.js";

export function make(tag, name, attributes, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

export function choice(words, options, value) {
  const label = make("label", "", {});
  const select = make("select", "", {});
  for (const [key, text] of options) select.append(make("option", "", { value: key }, text));
  if (options.some(([key]) => key === value)) select.value = value;
  label.append(make("span", "", {}, words), select);
  return { label, select };
}

export function keep(blob, name) {
  const url = URL.createObjectURL(blob);
  make("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const KEPT = "rnnviz-export"; // the choices of the last export, in this browser's tab alone

// How what is exported is to look: size, colours, type, ...
export class Looks {
  // `offered`: the choices, each {name, words, options: [[value, words]], value}.
  constructor(offered) {
    const before = remembered();
    this.choices = Object.fromEntries(
      offered.map(({ name, words, options, value }) => [
        name,
        choice(words, options, before[name] ?? value),
      ]),
    );
    this.title = make("input", "", { type: "checkbox" });
    this.title.checked = before.title !== "0";
    const titled = make("label", "", {});
    titled.append(make("span", "", {}, t("With title")), this.title);
    this.labels = [...Object.values(this.choices).map((each) => each.label), titled];
  }

  chosen() {
    const values = Object.entries(this.choices).map(([name, { select }]) => [name, select.value]);
    return Object.fromEntries([...values, ["title", this.title.checked ? "1" : "0"]]);
  }

  // Put what is chosen into an address; `theme` is that of the screen.
  ask(asked, theme) {
    const chosen = this.chosen();
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...chosen }));
    } catch {
      // a browser that keeps nothing asks again
    }
    for (const [name, value] of Object.entries(chosen)) if (value) asked.set(name, value);
    if (!chosen.theme) asked.set("theme", theme);
  }
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}
