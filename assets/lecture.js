// A lecture bundle: which figures of a run to pack, and the packing.
import { Looks, make } from "./parts.js";
import { lasting, themeOf } from "./socket.js";
import { Work } from "./work.js";
import { language, t } from "./words.js";

const STEP = /^\d+$/;

export class Lecture {
  // `asked` returns what the address says of the looks and of what is looked at; `grown` is called
  // when the list is there.
  constructor(box, base, run, asked, grown = () => {}) {
    this.grown = grown;
    this.base = base;
    this.run = run;
    this.asked = asked;
    this.list = make("fieldset", "rnnviz-figures-listed", {});
    this.list.append(make("legend", "", {}, t("Figures, each in all formats")));
    this.pack = make("button", "rnnviz-link", { type: "button" }, t("Pack the lecture"));
    this.pack.onclick = () => this.begin();
    this.says = make("p", "", { role: "status" });
    const room = make("div", "", {});
    this.work = new Work(room, (text) => (this.says.textContent = text));
    box.append(this.list, this.pack, room, this.says);
    this.fill();
  }

  async fill() {
    try {
      const answer = await fetch(`${this.base}/make/bundle`);
      if (!answer.ok) throw new Error(await answer.text());
      const { figures, chosen } = await answer.json();
      this.boxes = Object.entries(figures).map(([view, words]) => {
        const box = make("input", "", { type: "checkbox", value: view });
        box.checked = chosen.includes(view);
        const label = make("label", "", {});
        label.append(box, make("span", "", {}, words));
        this.list.append(label);
        return box;
      });
      this.grown();
    } catch {
      this.says.textContent = t("The server did not answer: try again.");
    }
  }

  async begin() {
    const figures = (this.boxes ?? []).filter((box) => box.checked).map((box) => box.value);
    if (!figures.length) {
      this.says.textContent = t("Choose at least one figure.");
      return;
    }
    this.pack.disabled = true;
    const asked = this.asked();
    asked.set("figures", figures.join(","));
    for (const name of Array.from(asked.keys())) {
      if (name.startsWith("range.") || name === "hidden") asked.delete(name);
    }
    if (!STEP.test(asked.get("step") ?? "")) asked.delete("step");
    try {
      await this.work.run(this.base, `bundle/${encodeURIComponent(this.run)}/gates?${asked}`);
    } finally {
      this.pack.disabled = false;
    }
  }

  end() {
    this.work.end();
  }

  destroy() {
    this.end();
  }
}

// On a page of its own choices, beside no figure.
export function mount({ data, parentElement }) {
  const looks = (home) => (home.rnnvizLooks ??= new Looks(data.looks));
  const [lecture, end] = lasting(parentElement, (home) => {
    home.append(...looks(home).labels);
    return new Lecture(home, data.base, data.run, () => {
      const asked = new URLSearchParams();
      if (language !== "en") asked.set("lang", language);
      looks(home).ask(asked, themeOf(parentElement));
      return asked;
    });
  });
  lecture.run = data.run;
  return end;
}
