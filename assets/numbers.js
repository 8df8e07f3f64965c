// Numbers for people, and the packed ones that the server sends.
import { t } from "./words.js";

const RAISED = Object.fromEntries(
  [..."-0123456789"].map((sign, at) => [sign, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][at]]),
);
const DECADES = 8; // of a gradient, from nothing that can be seen to all of it

export function decode(packed) {
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return new Float32Array(bytes.buffer);
}

// How large a gradient is, 0 to 1, over the decades below 10 to the power of `top`.
export function decades(value, top) {
  const size = Math.abs(value);
  if (!(size > 0)) return 0;
  return Math.max(0, Math.min(1, (Math.log10(size) - top + DECADES) / DECADES));
}

// Three decimals, with a true minus, and none before a zero.
export function plain(value) {
  if (!Number.isFinite(value)) return strange(value);
  const size = Math.abs(value);
  if (size >= 9999.5) return scientific(value, 3);
  return signed(value, size < 10 ? size.toFixed(3) : size.toPrecision(4));
}

export function scientific(value, digits) {
  if (!Number.isFinite(value)) return strange(value);
  if (value === 0) return "0";
  const [front, power] = Math.abs(value).toExponential(digits).split("e");
  const raised = [...String(Number(power))].map((sign) => RAISED[sign]).join("");
  return `${value < 0 ? "−" : ""}${front}×10${raised}`;
}

// So many decimals; a dash where there is no number.
export function fixed(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return signed(value, Math.abs(value).toFixed(digits));
}

// A share of 1; only all is 100 %, and only nothing 0 %.
export function percent(share) {
  if (Number.isNaN(share)) return "NaN";
  const hundredths = 100 * share;
  if (share >= 10) return `${number(hundredths)} %`;
  if (hundredths > 0 && hundredths < 0.05) return "< 0.1 %";
  if (hundredths >= 99.95 && hundredths < 100) return "> 99.9 %";
  const whole = hundredths === 0 || hundredths >= 100;
  const inside = hundredths >= 9.95 && hundredths < 99.5;
  return `${hundredths.toFixed(whole || inside ? 0 : 1)} %`;
}

// So many digits, or a whole number, or a power of ten: 0.31, 314, 3.2×10⁻⁷.
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return strange(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size.toExponential(digits - 1);
  const whole = powerOf(size.toExponential(Math.max(digits, 3) - 1));
  if (powerOf(text) < -2 || whole > 2) return scientific(value, digits - 1);
  if (powerOf(text) >= digits) return signed(value, size.toFixed(0));
  return signed(value, String(Number(text)));
}

function powerOf(text) {
  return Number(text.split("e")[1]);
}

export function duration(seconds) {
  if (seconds < 90) return t("{number} s", { number: Math.ceil(seconds) });
  if (seconds < 5400) return t("{number} min", { number: Math.round(seconds / 60) });
  return t("{number} h", { number: (seconds / 3600).toFixed(1) });
}

function signed(value, text) {
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

function strange(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "−∞";
}
