// What the text components share: the newest message is drawn once a frame, while it can be seen.
import { LiveView } from "./live_view.js";

export class TextView extends LiveView {
  constructor(home) {
    super(home);
    this.onVisible = () => this.later();
    document.addEventListener("visibilitychange", this.onVisible);
  }

  update(data, theme) {
    if (data.height) this.home.style.setProperty("--height", data.height);
    super.update(data, theme);
  }

  receive(message) {
    this.settle();
    this.home.classList.toggle("rnnviz-refused", Boolean(message.error));
    super.receive(message);
  }

  refused() {
    this.drawn += 1;
    this.home.dataset.drawn = this.drawn;
  }

  show(message) {
    this.message = message;
    this.fresh = true;
    this.later();
  }

  later() {
    if (!this.fresh || document.hidden || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.fresh = false;
      if (this.gone) return;
      this.draw();
      this.drew(this.message.step);
    });
  }

  destroy() {
    super.destroy();
    document.removeEventListener("visibilitychange", this.onVisible);
  }
}
