// What the server makes while one waits: begun, watched, fetched, or stopped.
import { keep, make } from "./parts.js";
import { t } from "./words.js";

const LOOK = 400; // milliseconds between two looks at how far it is

export class Work {
  // `box` gets the progress bar; `says` tells the visitor a sentence.
  constructor(box, says) {
    this.box = box;
    this.says = says;
  }

  // Begin what `address` asks for; true when its file is saved.
  async run(base, address) {
    this.stopped = false;
    const bar = make("progress", "", { max: 1, value: 0, "aria-label": t("How far it is") });
    const stop = make("button", "", { type: "button" }, t("Stop"));
    const line = make("div", "rnnviz-work", {});
    line.append(bar, stop);
    this.box.append(line);
    stop.onclick = () => this.end();
    this.path = null;
    try {
      const { work } = await (
        await good(await fetch(`${base}/make/${address}`, { method: "POST" }))
      ).json();
      const path = (this.path = `${base}/made/${work}`);
      for (;;) {
        if (this.stopped) throw new Error(t("It was stopped."));
        const now = await (await good(await fetch(path))).json();
        bar.max = now.total;
        bar.value = now.done;
        if (now.error) throw new Error(now.error);
        if (now.ready) {
          const file = await good(await fetch(`${path}/file`));
          keep(await file.blob(), now.name);
          this.path = null;
          fetch(path, { method: "DELETE" });
          this.says(t("{file} is saved.", { file: now.name }));
          return true;
        }
        this.says(t("{done} of {total}: {says}", now));
        await new Promise((done) => setTimeout(done, LOOK));
      }
    } catch (error) {
      this.says(
        error instanceof TypeError ? t("The server did not answer: try again.") : error.message,
      );
      return false;
    } finally {
      line.remove();
    }
  }

  // Stop what is still being made, for the page is left.
  end() {
    this.stopped = true;
    if (this.path) fetch(this.path, { method: "DELETE", keepalive: true });
    this.path = null;
  }
}

async function good(answer) {
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}
