// As much of a browser as the scripts ask for that draw nothing themselves, and what the server
// sends them.
import { readFileSync } from "node:fs";

// The content of a file that fixtures.py has written.
export function fixture(name) {
  const file = new URL(`fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

export class FakeSocket {
  static OPEN = 1;
  static opened = []; // all so far, oldest first

  constructor(url) {
    this.url = new URL(url);
    this.readyState = 0;
    this.sent = [];
    FakeSocket.opened.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code = 1005) {
    this.readyState = 3;
    this.code = code;
  }

  // What the server does.
  accept() {
    this.readyState = 1;
    this.onopen();
  }

  tell(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  leave(code) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

export class FakeElement extends EventTarget {
  constructor(parts = {}) {
    super();
    this.parts = parts;
    this.dataset = {};
    this.hidden = false;
    this.textContent = "";
    const names = new Set();
    this.classList = {
      add: (name) => names.add(name),
      remove: (name) => names.delete(name),
      contains: (name) => names.has(name),
    };
  }

  querySelector(selector) {
    return this.parts[selector] ?? null;
  }
}

export function install() {
  FakeSocket.opened = [];
  globalThis.window = new EventTarget();
  globalThis.location = new URL("https://lab.example/train");
  globalThis.WebSocket = FakeSocket;
}
