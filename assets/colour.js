// A value as a colour on a scale, and the ink that can be read on it.

const read = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export class Scale {
  // stops: [[0, "#..."], ..., [1, "#..."]]; inks: which colours text may have, the best liked first
  constructor(stops, low, high, inks) {
    this.stops = stops.map(([at, hex]) => [at, read(hex)]);
    this.low = low;
    this.high = high;
    this.inks = [...inks, "#000000", "#ffffff"].map((hex) => [hex, luminance(read(hex))]);
    this.known = new Map();
    const ends = stops.map(([at, hex]) => `${hex} ${100 * at}%`);
    this.gradient = `linear-gradient(to right, ${ends.join(", ")})`;
  }

  // [background, ink] of a value, in 128 shades; null where there is none.
  of(value) {
    if (value === null || value === undefined || Number.isNaN(value)) return null;
    const share = Math.min(1, Math.max(0, (value - this.low) / (this.high - this.low)));
    const shade = Math.round(128 * share);
    if (!this.known.has(shade)) this.known.set(shade, this.make(shade / 128));
    return this.known.get(shade);
  }

  make(share) {
    let after = this.stops.findIndex(([at]) => at >= share);
    if (after < 1) after = 1;
    const [[from, a], [to, b]] = [this.stops[after - 1], this.stops[after]];
    const part = (share - from) / (to - from);
    const mixed = a.map((each, place) => Math.round(each + part * (b[place] - each)));
    const light = luminance(mixed);
    const contrast = ([, other]) =>
      (Math.max(light, other) + 0.05) / (Math.min(light, other) + 0.05);
    const readable = this.inks.find((ink) => contrast(ink) >= 4.6);
    const best = this.inks.reduce((one, other) => (contrast(other) > contrast(one) ? other : one));
    return [`rgb(${mixed.join(",")})`, (readable ?? best)[0]];
  }
}

// Relative luminance as WCAG 2 defines it.
function luminance(colour) {
  const [red, green, blue] = colour.map((each) => {
    const share = each / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
