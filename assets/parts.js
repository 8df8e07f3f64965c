// Small parts of the export menu: elements, choices, and files that are kept.

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

// The choices of the last export, in this browser's tab alone.
const KEPT = "rnnviz-export";

export function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

export function remember(chosen) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(chosen));
  } catch {
    // a browser that keeps nothing asks again
  }
}
