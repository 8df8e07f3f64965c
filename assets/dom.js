// Elements, built and painted.

// `style` is the element's class; what a visitor typed only ever becomes text.
export function element(name, style = "", text = "") {
  const node = document.createElement(name);
  if (style) node.className = style;
  if (text) node.textContent = text;
  return node;
}

// Paint an element in [background, ink], or in nothing.
export function fill(node, colours) {
  node.style.backgroundColor = colours?.[0] ?? "";
  node.style.color = colours?.[1] ?? "";
}

/**
 * The parts of a message that has elements in its places.
 * @param {string} said with {places}
 * @param {Record<string, Node | string>} values
 */
export function placed(said, values) {
  return said.split(/\{(\w+)\}/).map((part, at) => (at % 2 ? values[part] : part));
}

/**
 * Name parts of a component's markup, which is the same for all languages.
 * @param {HTMLElement} home
 * @param {Record<string, string>} names selector -> aria-label
 */
export function named(home, names) {
  for (const [selector, words] of Object.entries(names)) {
    home.querySelector(selector).setAttribute("aria-label", words);
  }
}
