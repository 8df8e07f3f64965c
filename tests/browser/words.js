// What can be read on the page and stands outside the marks ⟦ ⟧, and what is cut off or overlaps.
// Text is gone through in the order of the document: a message may have elements in it.
() => {
  const NO_WORDS =
    "script, style, noscript, template, [data-testid=stIconMaterial], code, pre, bdi, " +
    ".rnnviz-cell, .rnnviz-written, .rnnviz-letters, .rnnviz-numbers, .rnnviz-letter, .function, " +
    "[data-symbol], [data-before], .xtick, .ytick, .rnnviz-next-row";
  const ATTRIBUTES = [
    "aria-label",
    "title",
    "placeholder",
    "alt",
    "data-title",
    "aria-valuetext",
    "aria-roledescription",
  ];
  const WORD = /[A-Za-zÀ-ÿ]{2,}/;
  const loose = (text, at) =>
    [...text]
      .filter((sign) => {
        if (sign === "⟦") at.depth += 1;
        if (sign === "⟧") at.depth -= 1;
        return !at.depth && sign !== "⟧";
      })
      .join("");
  const seen = (node) =>
    node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !node.closest("[inert]");
  const forTheEar = (node) => {
    for (let around = node; around; around = around.parentElement) {
      if (around.clientWidth === 1 && getComputedStyle(around).overflow === "hidden") return true;
    }
    return false;
  };
  // whether it is not scrolled out of what holds it
  const inView = (node, { left, right, top, bottom }) => {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    for (let around = node; around && around !== document.body; around = around.parentElement) {
      if (getComputedStyle(around).overflow === "visible") continue;
      const held = around.getBoundingClientRect();
      if (x < held.left || x > held.right || y < held.top || y > held.bottom) return false;
    }
    return true;
  };
  const where = (node) =>
    node.closest("[data-testid]")?.dataset.testid ??
    node.closest("[class]")?.getAttribute("class") ??
    node.tagName;
  const words = [];
  const cut = [];
  const at = { depth: 0 };
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !seen(node) || node.closest("script, style, noscript")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const heard = node.closest("canvas"); // a table is a picture; this is what is said of it
    const rest = loose(text.data, at);
    if (!heard && (box.width < 2 || box.height < 2)) continue;
    if (!node.closest(NO_WORDS) && WORD.test(rest)) words.push([where(node), rest.trim()]);
    if (!heard && !forTheEar(node)) boxes.push([node, box, text.data.trim()]);
  }
  for (const node of document.querySelectorAll("input, textarea")) {
    if (!seen(node)) continue;
    const list = node.closest("[data-testid=stSelectbox]");
    if (list && WORD.test(loose(node.value, { depth: 0 }))) words.push([where(node), node.value]);
    if (list && node.getBoundingClientRect().right > 0 && node.scrollWidth > node.clientWidth + 1)
      cut.push(["list", node.value]);
  }
  for (const name of ATTRIBUTES) {
    for (const node of document.querySelectorAll(`[${name}]`)) {
      if (!seen(node) || node.closest("[aria-hidden=true]") || node.closest(NO_WORDS)) continue;
      if (name === "placeholder" && node.value) continue;
      const rest = loose(node.getAttribute(name), { depth: 0 });
      if (WORD.test(rest)) words.push([`${name} of ${where(node)}`, rest.trim()]);
    }
  }
  // beyond the window, or beyond what hides it and cannot be scrolled
  for (const [node, box, text] of boxes) {
    if (node.closest(".glideDataEditor, [data-testid=stSkipToContent]")) continue;
    if (box.right < 1) continue; // the form, folded away
    if (box.left < -1 || box.right > innerWidth + 1) cut.push(["window", text]);
    for (let around = node; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.position === "absolute" && style.clipPath !== "none") break; // for the ear alone
      const [x, y] = [style.overflowX, style.overflowY];
      if (x === "visible" && y === "visible") continue;
      const dots = style.textOverflow === "ellipsis" && style.display !== "flex";
      if (dots && around.scrollWidth > around.clientWidth + 1) {
        cut.push(["with …", text]);
        break;
      }
      const inside = around.getBoundingClientRect();
      const clamped = style.webkitLineClamp !== "none";
      const gone = clamped && around.scrollHeight > around.clientHeight + 8;
      const below = around.clientHeight < 64 && box.top > inside.bottom - 3;
      if (gone || below) {
        cut.push([`a line of ${where(around)}`, text]);
        break;
      }
      const hides = (way) => way === "hidden" || way === "clip";
      const beyondX = box.left < inside.left - 1.5 || box.right > inside.right + 1.5;
      const beyondY = box.top < inside.top - 3 || box.bottom > inside.bottom + 3;
      if ((hides(x) && beyondX) || (hides(y) && beyondY)) {
        cut.push([where(around), text]);
        break;
      }
      if (x === "auto" || x === "scroll" || y === "auto" || y === "scroll") break;
    }
  }
  // titles, notes and names in one figure on top of each other, or under its button
  const TICKS = ".xtick text, .ytick text, .x2tick text, .y2tick text";
  const NAMES = "[class^=g-x] text, [class^=g-y] text"; // of axes
  const PARTS = `.g-gtitle text, .annotation-text, .legendtext, ${NAMES}`;
  for (const figure of document.querySelectorAll(".rnnviz-figure, .rnnviz-anatomy")) {
    if (!seen(figure)) continue;
    const drawn = [...figure.querySelectorAll(`${PARTS}, ${TICKS}, .rnnviz-export`)].filter(seen);
    const places = drawn.map((node) => [node, node.getBoundingClientRect()]);
    places.forEach(([one, a], place) => {
      for (const [other, b] of places.slice(place + 1)) {
        if (one.matches(TICKS) && other.matches(TICKS)) continue; // Plotly's own concern
        const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (over > 3 && down > 4)
          cut.push(["overlap", `${one.textContent} | ${other.textContent}`]);
      }
    });
  }
  // words with words over them in one component
  const COMPOSED = ".rnnviz-anatomy, .rnnviz-text, .rnnviz-transport";
  for (const part of document.querySelectorAll(COMPOSED)) {
    const inside = boxes.filter(
      ([node, box]) => part.contains(node) && !node.closest(NO_WORDS) && inView(node, box),
    );
    inside.forEach(([one, a, text], place) => {
      for (const [other, b, next] of inside.slice(place + 1)) {
        const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        const whole = one.closest("p, text");
        const near = one.contains(other) || other.contains(one) || whole?.contains(other);
        if (!near && over > 3 && down > 6) cut.push(["over each other", `${text} | ${next}`]);
      }
    });
  }
  // the name of an axis in another panel than its own
  for (const plot of document.querySelectorAll(".rnnviz-figure .js-plotly-plot")) {
    if (!seen(plot)) continue;
    const { left, top } = plot.getBoundingClientRect();
    for (const { id, xaxis, yaxis } of Object.values(plot._fullLayout._plots ?? {})) {
      for (const name of plot.querySelectorAll(NAMES)) {
        const box = name.getBoundingClientRect();
        const from = [left + xaxis._offset, top + yaxis._offset];
        const over = Math.min(box.right, from[0] + xaxis._length) - Math.max(box.left, from[0]);
        const down = Math.min(box.bottom, from[1] + yaxis._length) - Math.max(box.top, from[1]);
        if (over > 3 && down > 3) cut.push([`in panel ${id}`, name.textContent]);
      }
    }
  }
  // words under something that is no menu, window, or bar that the page is scrolled under
  const OVER =
    ".rnnviz-menu, [role=dialog], [role=listbox], [role=tooltip], [data-testid=stTooltipContent]";
  const BARS = "[data-testid=stHeader], .st-key-present, .st-key-transport";
  for (const [node, box, text] of boxes) {
    if (node.closest("svg, .rnnviz-figure, canvas, label") || !inView(node, box)) continue;
    if (node.closest(`${NO_WORDS}, [data-testid=stSkipToContent]`)) continue;
    for (const x of [box.left + 3, box.right - 3]) {
      const over = document.elementFromPoint(x, (box.top + box.bottom) / 2);
      if (!over || over.contains(node) || node.contains(over) || over.closest("svg")) continue;
      if (getComputedStyle(node).pointerEvents === "none") continue;
      if (over.closest(OVER) || (over.closest(BARS) && !node.closest(BARS))) continue;
      cut.push([`under ${where(over)}`, text]);
    }
  }
  return { words, cut, depth: at.depth };
};
