// The components of the Units page.
import { Matches } from "./matches.js";
import { Reader } from "./reader.js";
import { lasting, themeOf } from "./socket.js";
import { Writing } from "./writing.js";

const KINDS = { units_text: Reader, units_matches: Matches, writing: Writing };

export function mount({ data, parentElement, setStateValue }) {
  const [view, end] = lasting(parentElement, (home) => new KINDS[data.view](home));
  view.update(data, themeOf(parentElement), setStateValue);
  return end;
}
