// What is said of a box: its numbers and formulas, and its paths to the output.

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
const BARS_HIGH = 24;
const MANY_ARGUMENTS = 8;

const row = (key, ...content) => el("div", { class: "row" }, el("dt", {}, key), el("dd", {}, ...content));

function heading(box, node) {
  const { kind, symbol, label } = box;
  return el("h2", {}, el("span", { class: "name" }, label || node?.name || ""), el("span", { class: `kind ${kind}` }, symbol ? `${symbol}  ${kind}` : kind));
}

// A box of one Value, in a graph that is shown whole.
function linesOfValue(i, graph, wording, current, numbers, multiple) {
  const node = graph.nodes[i];
  const { data, grad, asRecorded } = current;
  const rows = [row("data", data[i] === undefined ? "not computed yet" : exactly(data[i]))];
  if (!node.constant) rows.push(row("grad", ...graded(grad[i], asRecorded ? multiple : 1)));
  if (node.args.length) rows.push(row("formula", wording.made(i, numbers)));
  node.args.slice(0, MANY_ARGUMENTS).forEach((parent, k) => {
    if (!graph.nodes[parent].constant) {
      rows.push(row(k ? "" : "local", wording.partial(i, k, numbers)));
    }
  });
  if (node.args.length > MANY_ARGUMENTS) rows.push(row("", `… and ${node.args.length - MANY_ARGUMENTS} more`));
  return rows;
}

// While its numbers are predicted: nothing that is asked.
function linesToPredict(i, graph, { data, grad }) {
  const { call, constant } = graph.nodes[i];
  const name = (k) => graph.nodes[k].name;
  return [
    row("data", data[i] === undefined ? "yours to find" : brief(data[i])),
    !constant && row("grad", `${brief(grad[i])} so far`),
    call && row("formula", `${name(i)} = ${inWords(call, name)}`),
  ].filter(Boolean);
}

// A `grad`, and what it is beside that of one pass.
function graded(grad, multiple) {
  if (multiple === 0) return ["no gradient yet"];
  const times = multiple === null || multiple === 1 ? "" : `, which is ${inOnePass(grad, multiple)} of one pass`;
  return [signed(grad, exactly(grad)), times];
}

// A box of a folded picture.
function linesOfBox(box, opens, multiple) {
  if (box.summary) return linesOfSummary(box, opens, multiple);
  if (!box.exact) return box.lines.map(([text, sign]) => row("", el("span", { class: sign }, text)));
  const [data, grad] = box.exact.map(number);
  return [row("data", exactly(data)), box.kind !== "constant" && row("grad", ...graded(grad, multiple))].filter(Boolean);
}

function linesOfSummary(box, opens, multiple) {
  const { values, copies, parameters, ops, bars, ...of } = box.summary;
  const [low, high] = [of.low, of.high].map((x) => brief(number(x)));
  const norm = inOnePass(number(of.norm), multiple && fabs(multiple));
  const many = (n) => n.toLocaleString("en");
  return [
    row("values", `${many(values)}${copies > 1 ? `, computed ${many(copies)} times` : ""}`),
    ops && row("made by", ops),
    parameters && row("parameters", many(parameters)),
    low !== "nan" && row("outputs", bars.length ? `${low} to ${high}` : low, histogram(bars)),
    norm !== "nan" && row("‖grad‖", norm),
    ...box.lines.map(([text, sign]) => sign === "nan" && row("", el("b", { class: sign }, text))),
    box.opens && !opens && row("inside", "left out of this page"),
  ].filter(Boolean);
}

function histogram(bars) {
  if (!bars.length) return "";
  const top = Math.max(...bars);
  const said = `Histogram of the outputs, in tenths of their range: ${bars.join(", ")}`;
  const made = drawn("svg", { class: "bars", viewBox: `0 0 ${bars.length * 10} ${BARS_HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": said });
  bars.forEach((bar, k) => {
    const height = bar && Math.max(1.5, (bar / top) * BARS_HIGH);
    made.append(drawn("rect", { x: k * 10 + 0.5, y: BARS_HIGH - height, width: 9, height }));
  });
  return made;
}

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
    graph && el("p", { class: "hint" }, "The number at an arrow is the partial derivative; its width is the gradient that flows back through it."),
    el("p", { class: "hint" }, `Keys: ${graph ? "← → step, space plays, < > its speed, f and b lead to the forward and the backward pass, " : ""}↑ ↓ choose a box, Enter ${enter}, + − 0 zoom, / searches, ? this. Drag moves the picture, Ctrl and the wheel zoom; by touch two fingers do both, or one after a long press.`),
  ].filter(Boolean);
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

// Every path from a node to the output, with its product, and their sum.
function ways(i, graph, wording, partials, drawing) {
  const { nodes, edges, found, count, sum } = graph.paths(i, partials);
  const mark = () => drawing.mark("on-path", nodes, edges);
  mark();
  const { name } = wording;
  if (i === graph.root) return [el("p", { class: "hint" }, "This is the output: one pass gives it the gradient 1.")];
  if (!count) return [el("p", { class: "hint" }, `No path with a derivative leads from here to ${name(graph.root)}.`)];
  const one = count === 1n;
  const list = found.map((way) => {
    const factors = way.edges.map(([user, k]) => inNumbers(["", 0, ""], [partials[user][k]]));
    const chain = [name(i), ...way.edges.map(([user]) => name(user))].join(" → ");
    const only = () => drawing.mark("on-path", new Set([i, ...way.edges.map(([user]) => user)]), way.edges);
    return el("li", { tabindex: 0, onpointerenter: only, onpointerleave: mark, onfocus: only, onblur: mark }, el("span", { class: "chain" }, chain), el("span", { class: "product" }, `${factors.join(" × ")} = `, signed(way.product)));
  });
  const others = count - BigInt(found.length);
  const shown = found.reduce((total, way) => total + way.product, 0);
  if (others) list.push(el("li", { class: "rest" }, `and ${others.toLocaleString("en")} more, together `, signed(sum - shown)));
  return [
    el("h3", {}, `${count.toLocaleString("en")} ${one ? "path" : "paths"} to ${name(graph.root)}`),
    el("ol", { class: "ways" }, ...list),
    el("p", { class: "total" }, `∂${name(graph.root)}/∂${name(i)} = ${one ? "" : "sum of the products = "}`, signed(sum)),
  ];
}
