// How to read the picture, in words.

const LEGEND = {
  leaf: "leaf: a number given",
  parameter: "parameter: a leaf made in a scope",
  constant: "constant: no gradient",
  value: "computed by an op",
  group: "several values, folded",
  outside: "outside of what was opened",
  output: "output",
  positive: "gradient flows with a plus sign",
  negative: "gradient flows with a minus sign",
};

const MOVED = { positive: ["▲", "went up"], negative: ["▼", "went down"] };

// How to read the picture, and the keys.
function legend(boxes, graph, compares, opens) {
  const kinds = new Set(boxes.map(({ kind }) => kind));
  const key = ([name, said]) => el("li", {}, el("span", { class: `swatch ${name}` }, GLYPH[name] ?? ""), said);
  const moved = ([name, [glyph, said]]) => el("li", {}, el("span", { class: `swatch ${name}` }, glyph), said);
  const used = Object.entries(LEGEND).filter(([name]) => kinds.has(name) || (graph && GLYPH[name]));
  const enter = graph ? "marks its paths" : opens ? "opens it, space keeps it here, Backspace leads back" : "keeps it here";
  return [
    el("h2", {}, "How to read it"),
    el("ul", { class: "legend" }, ...(compares ? Object.entries(MOVED).map(moved) : used.map(key))),
    graph && el("dl", { class: "words-of" }, ...wordsOf(graph).map(([word, said]) => row(word, said))),
    el("p", { class: "hint keys" }, `Keys: ${graph ? "← → step, space plays, < > its speed, f and b lead to the forward and the backward pass, " : ""}↑ ↓ choose a box, Enter ${enter}, + − 0 zoom, / searches, ? this. Drag moves the picture, Ctrl and the wheel zoom.`),
    el("p", { class: "hint" }, "By touch two fingers move the picture and zoom, or one after a long press."),
  ].filter(Boolean);
}

// The words on the page, each explained once.
function wordsOf({ nodes, root }) {
  const { name } = nodes[root];
  const twice = nodes.some(({ args }) => new Set(args).size < args.length);
  return [
    ["op", "one small computation, such as + or ×: it makes a box from those before it"],
    ["leaf", "a box that no op made: a number that was given"],
    ["data", "the number of a box"],
    ["grad", `∂${name}/∂(box): how many times as fast as the box the output ${name} changes`],
    ["arrow", "its number is the partial derivative: how fast the box at its end changes with the one at its start. Its width is the gradient that flows back through it"],
    ...(twice ? [["∂₁, ∂₂", "where an op takes the same box twice: by its first use, by its second use"]] : []),
  ];
}

// Whether a reader is new here: the first of all pictures, or of those of a document where nothing can be kept.
function isNew() {
  const root = document.documentElement.dataset;
  const before = root.agRead;
  root.agRead = "once";
  try {
    const known = localStorage.getItem("autograd-lite read");
    localStorage.setItem("autograd-lite read", "once");
    return !before && !known;
  } catch (error) {
    if (error.name === "SecurityError") return !before; // a page of its own kind, such as an output in a frame
    throw error;
  }
}
