// Numbers for people, and the packed ones that the server sends.

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export function decode(packed) {
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return new Float32Array(bytes.buffer);
}

// Three decimals, with a true minus, and none before a zero.
export function plain(value) {
  if (!Number.isFinite(value)) return strange(value);
  const size = Math.abs(value);
  if (size >= 10000) return scientific(value, 3);
  const text = size < 10 ? size.toFixed(3) : size.toPrecision(4);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

export function scientific(value, digits) {
  if (!Number.isFinite(value)) return strange(value);
  if (value === 0) return "0";
  const [front, power] = Math.abs(value).toExponential(digits).split("e");
  const raised = [...String(Number(power))].map((sign) => RAISED[sign]).join("");
  return `${value < 0 ? "−" : ""}${front}×10${raised}`;
}

function strange(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "−∞";
}
