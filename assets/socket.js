// One view of one run over a WebSocket: reconnects by itself, hands on the newest message only.

export class Feed {
  constructor(onMessage, onState) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.address = null;
    this.step = undefined;
    this.at = null;
    this.tries = 0;
  }

  // Watch `path` (with its query) at `step` (null: follow the run). Same path: the socket stays.
  watch(path, step) {
    if (path !== this.address) {
      this.address = path;
      this.step = step;
      this.at = null;
      this.tries = 0;
      this.open();
    } else if (step !== this.step) {
      this.step = step;
      this.ask();
    }
  }

  // Look at the time step that is pointed at, until the address says something else.
  point(at) {
    if (at === this.at) return;
    this.at = at;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.ask(), 40); // a pointer that passes by asks once
  }

  ask() {
    this.say({ step: this.step ?? null, at: this.at });
  }

  // Send a message; false while there is no connection.
  say(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  open() {
    clearTimeout(this.again);
    this.drop();
    const url = new URL(this.address, location.origin);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.step !== null && this.step !== undefined) url.searchParams.set("step", this.step);
    const socket = new WebSocket(url);
    this.socket = socket;
    const asked = this.step;
    socket.onopen = () => {
      this.tries = 0;
      this.onState("open");
      if (asked !== this.step || this.at !== null) this.ask();
    };
    socket.onmessage = (event) => this.onMessage(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      if (event.code === 1000 || event.code === 1008) return; // the server has said why
      this.onState("lost");
      this.again = setTimeout(() => this.open(), Math.min(500 * 2 ** this.tries++, 8000));
    };
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  close() {
    clearTimeout(this.again);
    clearTimeout(this.soon);
    this.drop();
  }
}

// Paper or night? Asked of the page itself, so a change of theme is seen at once.
export function themeOf(element) {
  const colour = getComputedStyle(element.host ?? element).getPropertyValue(
    "--st-background-color",
  );
  const [red, green, blue] = rgb(colour.trim());
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
}

function rgb(text) {
  const hex = /^#(..)(..)(..)/.exec(text);
  if (hex) return hex.slice(1).map((part) => parseInt(part, 16));
  return (text.match(/[\d.]+/g) ?? [255, 255, 255]).slice(0, 3).map(Number);
}

// A component function runs again at every change, and its clean-up may run in between: only an
// element that stays away is destroyed, so a figure is never remounted by an update.
export function lasting(parent, make) {
  const home = parent.querySelector("[data-rnnviz]");
  home.rnnviz ??= make(home);
  clearTimeout(home.rnnvizEnd);
  const end = () => {
    home.rnnvizEnd = setTimeout(() => {
      home.rnnviz?.destroy();
      home.rnnviz = null;
    }, 250);
  };
  return [home.rnnviz, end];
}
