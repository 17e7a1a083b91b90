// What is said of a box: its numbers and formulas, and its paths to the output.

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

// A path that lights up in a drawing while it is pointed at; a click keeps it lit. `page` gives the page of the drawing.
function litWay(start, { edges }, page, ...content) {
  const path = { key: [start, ...edges].join(" "), nodes: new Set([start, ...edges.map(([user]) => user)]), edges };
  const [enter, leave] = [() => page()?.light(path), () => page()?.light()];
  const press = () => {
    page()?.keep(path);
    for (const each of made.closest("ol").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === made && page()?.kept === path));
  };
  const made = el("button", { type: "button", "aria-pressed": String(page()?.kept?.key === path.key), onpointerenter: enter, onpointerleave: leave, onfocus: enter, onblur: leave, onclick: press }, ...content);
  return el("li", {}, made);
}

// Every path from a node to the output, with its product, and their sum.
function ways(i, page) {
  const { graph, wording } = page;
  const { partials } = page.whatIf.numbers;
  const { nodes, edges, found, count, sum } = graph.paths(i, partials);
  page.all = { nodes, edges };
  const { name } = wording;
  if (i === graph.root) return [el("p", { class: "hint" }, "This is the output: one pass gives it the gradient 1.")];
  if (!count) return [el("p", { class: "hint" }, `No path with a derivative leads from here to ${name(graph.root)}.`)];
  const one = count === 1n;
  const list = found.map((way) => {
    const factors = way.edges.map(([user, k]) => inNumbers(["", 0, ""], [partials[user][k]]));
    const chain = wording.along(i, way.edges).join(" → ");
    return litWay(i, way, () => page, el("span", { class: "chain" }, chain), el("span", { class: "product" }, `${factors.join(" × ")} = `, signed(way.product)));
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
