// The page of a graph. `open` at the end is called by what page.py writes.
// Nothing here asks the network, and everything a user has written is set as text.

// --- the functions of the C library, on which the rules of the op table stand ------------------

const {
  floor, ceil, exp, expm1, log, log2, log10, log1p, sqrt, cbrt, sin, cos, tan, asin, acos, atan,
  atan2, hypot, sinh, cosh, tanh, asinh, acosh, atanh, abs: fabs,
} = Math;
const exp2 = (x) => 2 ** x;
const pow = (x, y) => (x === 1 || (x === -1 && fabs(y) === Infinity) ? 1 : Math.pow(x, y));

// Below 2 the series of positive terms, above it Laplace's continued fraction: both keep 13 digits.
function erfc(x) {
  if (!(x >= 2)) return x < -2 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 28) return 0;
  let fraction = x;
  for (let k = 120; k > 0; k--) fraction = x + k / 2 / fraction;
  return exp(-x * x) / fraction / sqrt(Math.PI);
}

function erf(x) {
  if (fabs(x) >= 2) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 80; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / sqrt(Math.PI)) * exp(-x * x) * total;
}

// --- numbers as text: as Python writes them ----------------------------------------------------

function special(x) {
  return x !== x ? "nan" : x === Infinity ? "inf" : x === -Infinity ? "-inf" : "";
}

// As "%.4g": Python takes the even digit where two are equally near.
function brief(x, digits = 4) {
  if (special(x)) return special(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  let [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const [exact] = x.toExponential(60).split("e");
  const beyond = exact.replace("-", "").replace(".", "").slice(digits);
  if (/^50*$/.test(beyond)) {
    const cut = exact.slice(0, mantissa.length);
    if (Number(cut.at(-1)) % 2 === 0) mantissa = cut;
  }
  exponent = Number(exponent);
  const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent < -4 || exponent >= digits) {
    return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return trimmed(Number(`${mantissa}e${exponent}`).toFixed(Math.max(digits - 1 - exponent, 0)));
}

// As Python's repr of a float: the shortest digits that give the same number.
function exactly(x) {
  if (special(x)) return special(x);
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const [mantissa, power] = x.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const digits = mantissa.replace("-", "").replace(".", "");
  const sign = x < 0 ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

const signOf = (x) => (x !== x ? "nan" : x > 0 ? "positive" : x < 0 ? "negative" : "zero");
const GLYPH = { positive: "+", negative: "−", zero: "0", nan: "?" };

// --- the graph: its numbers, and what they become ----------------------------------------------

// JSON has no inf and nan, so these come as text.
const number = (x) => (typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x);

class Graph {
  constructor(nodes, rows) {
    this.nodes = nodes;
    this.rows = rows;
    this.root = nodes.findIndex((node) => node.root);
    this.recorded = {
      data: nodes.map((node) => number(node.data)),
      grad: nodes.map((node) => number(node.grad)),
      partials: nodes.map((node) => node.partials.map(number)),
    };
    this.uses = nodes.map(() => []); // [user, argument], in the order in which gradients arrive
    this.order = nodes.map((_, i) => i).filter((i) => nodes[i].args.length);
    for (const i of [...this.order].reverse()) {
      nodes[i].args.forEach((parent, k) => {
        if (!nodes[parent].constant) this.uses[parent].push([i, k]);
      });
    }
    this.steps = [
      ...this.order.map((node) => ({ kind: "forward", node })),
      ...(nodes[this.root].constant ? [] : [{ kind: "seed", node: this.root }]),
    ];
    this.forwardEnd = this.order.length;
    for (const i of [...this.order].reverse()) {
      nodes[i].args.forEach((parent, arg) => {
        if (!nodes[parent].constant) this.steps.push({ kind: "edge", node: i, arg, parent });
      });
    }
  }

  // Every number anew, when leaves have these.
  evaluated(changed) {
    const data = [...this.recorded.data];
    const partials = this.recorded.partials.map((row) => [...row]);
    for (const [leaf, value] of changed) data[leaf] = value;
    for (const i of this.order) {
      const { row, args } = this.nodes[i];
      const rules = this.rows[row];
      const given = args.map((k) => data[k]);
      const wanted = args.map((k) => !this.nodes[k].constant);
      let found;
      if (rules.vectors) {
        const m = (given.length - rules.scalars) / rules.vectors;
        const numbers = Float64Array.from(given);
        const scratch = new Float64Array(rules.scratch * m);
        data[i] = rules.forward(numbers, m, rules.attrs, scratch);
        found = new Float64Array(given.length);
        rules.partials(data[i], numbers, m, rules.attrs, scratch, found);
      } else {
        data[i] = rules.forward(...given, rules.attrs);
        found = rules.partials.map((rule, k) => wanted[k] && rule(data[i], ...given, rules.attrs));
      }
      partials[i] = Array.from(found, (partial, k) => (wanted[k] ? partial : 0));
    }
    return { data, partials };
  }

  // Gradients after so many steps, and what each step brought.
  swept({ partials }, until = this.steps.length) {
    const grad = this.nodes.map(() => 0);
    const flows = this.nodes.map((node) => node.args.map(() => null));
    let last = null;
    for (const step of this.steps.slice(this.forwardEnd, until)) {
      if (step.kind === "seed") {
        grad[step.node] = 1;
        continue;
      }
      const upstream = grad[step.node];
      const contribution = carried(upstream, partials[step.node][step.arg]);
      const before = grad[step.parent];
      grad[step.parent] = before + contribution;
      flows[step.node][step.arg] = contribution;
      last = { upstream, contribution, before, after: grad[step.parent] };
    }
    return { grad, flows, last };
  }

  // Nodes and edges on the paths from a node to the root, and the largest of these paths.
  paths(start, partials, many = 12) {
    const reach = this.nodes.map(() => -1); // the largest |product| on the way to the root
    const count = this.nodes.map(() => 0n);
    const sum = this.nodes.map(() => 0);
    reach[this.root] = 1;
    count[this.root] = 1n;
    sum[this.root] = 1;
    const size = (x) => (x === x ? fabs(x) : Infinity);
    for (const i of [...this.order].reverse()) {
      if (!count[i]) continue;
      this.nodes[i].args.forEach((parent, k) => {
        if (this.nodes[parent].constant) return;
        count[parent] += count[i];
        sum[parent] += carried(sum[i], partials[i][k]);
        reach[parent] = Math.max(reach[parent], size(carried(reach[i], size(partials[i][k]))));
      });
    }
    const nodes = new Set(count[start] ? [start] : []);
    const edges = [];
    for (const node of nodes) {
      for (const [user, k] of this.uses[node]) {
        edges.push([user, k]);
        nodes.add(user);
      }
    }
    const found = [];
    const waiting = [{ at: start, edges: [], product: 1, bound: reach[start] }];
    while (waiting.length && found.length < many && count[start]) {
      // of ways that differ by rounding the longest: there may be 2**100 that are equal
      const rank = (way) => way.bound * (1 + 1e-9 * way.edges.length);
      let best = 0;
      waiting.forEach((way, i) => { if (rank(way) >= rank(waiting[best])) best = i; });
      const [way] = waiting.splice(best, 1);
      if (way.at === this.root) {
        // from the root down, as the backward pass multiplies
        way.product = way.edges.reduceRight((p, [user, k]) => carried(p, partials[user][k]), 1);
        found.push(way);
        continue;
      }
      for (const [user, k] of this.uses[way.at]) {
        const product = carried(way.product, partials[user][k]);
        const bound = size(carried(product, reach[user]));
        waiting.push({ at: user, edges: [...way.edges, [user, k]], product, bound });
      }
    }
    return { nodes, edges, found, count: count[start], sum: count[start] ? sum[start] : 0 };
  }
}

// Zero carries nothing, not even against inf or nan.
function carried(x, y) {
  const product = x * y;
  return product === product ? product : x === 0 || y === 0 ? 0 : product;
}

// --- formulas ----------------------------------------------------------------------------------

// A template is a list of texts and numbers of nodes.
function inWords(template, names) {
  return template.map((part) => (typeof part === "string" ? part : names(part))).join("");
}

function inNumbers(template, data) {
  return template.map((part, i) => {
    if (typeof part === "string") return part;
    const text = brief(data[part]);
    const before = template[i - 1] ?? "";
    const after = template[i + 1] ?? "";
    const apart = /[([,] ?$/.test(before) || (!before && /^( |$)/.test(after));
    return text.startsWith("-") && !apart ? `(${text})` : text;
  }).join("");
}

// Texts with "=" between them, without repetitions.
const equation = (...texts) => texts.filter((t, i) => t && t !== texts[i - 1]).join(" = ");

const INDICES = "₀₁₂₃₄₅₆₇₈₉";

class Wording {
  constructor(graph) {
    this.graph = graph;
    this.name = (i) => graph.nodes[i].name;
  }

  made(i, data) {
    const { call } = this.graph.nodes[i];
    return equation(this.name(i), call && inWords(call, this.name), call && inNumbers(call, data), brief(data[i]));
  }

  fraction(i, k) {
    const { args } = this.graph.nodes[i];
    const twice = args.filter((parent) => parent === args[k]).length > 1;
    const index = twice ? [...String(k + 1)].map((digit) => INDICES[digit]).join("") : "";
    return `∂${index}${this.name(i)}/∂${this.name(args[k])}`;
  }

  partial(i, k, data, partials) {
    const { derivatives, args, symbol } = this.graph.nodes[i];
    const template = derivatives[k];
    const prime = args.length === 1 && /^[A-Za-z]\w*$/.test(symbol) ? `${symbol}′(${this.name(args[k])})` : "";
    return equation(
      this.fraction(i, k), prime, template && inWords(template, this.name),
      template && inNumbers(template, data), brief(partials[i][k]),
    );
  }
}

// --- elements ----------------------------------------------------------------------------------

function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, props) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props)) made.setAttribute(key, value);
  return made;
}

function icon(path) {
  const made = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  made.append(drawn("path", { d: path }));
  return made;
}

const ICONS = {
  first: "M3 2.5h2v11H3zM13.5 2.5v11L6 8z",
  back: "M11.5 2.5v11L4 8z",
  play: "M4 2l10 6-10 6z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  forward: "M4.5 2.5L12 8l-7.5 5.5z",
  last: "M2.5 2.5L10 8l-7.5 5.5zM11 2.5h2v11h-2z",
  open: "M9 2h5v5l-1.8-1.8L9 8.4 7.6 7l3.2-3.2zM7 14H2V9l1.8 1.8L7 7.6 8.4 9l-3.2 3.2z",
};

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

// A coloured number with its sign as a glyph of its own.
const signed = (x, text = brief(x)) => el("b", { class: signOf(x) }, text);

// --- the drawing -------------------------------------------------------------------------------

class Drawing {
  constructor(picture, page, graph) {
    const parsed = new DOMParser().parseFromString(picture, "image/svg+xml");
    this.svg = document.importNode(parsed.documentElement, true);
    this.graph = graph;
    const { x, y, width, height } = this.svg.viewBox.baseVal;
    this.size = { x, y, width, height };
    for (const name of ["width", "height"]) this.svg.removeAttribute(name);
    for (const title of this.svg.querySelectorAll("title")) title.remove();
    for (const link of this.svg.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    this.svg.querySelector("polygon")?.remove(); // the white ground
    this.svg.querySelector(".graph > text")?.remove(); // the caption, which the page says
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", page.title);
    this.boxes = page.boxes.map((box, i) => this.box(box, i));
    this.edges = [];
    page.boxes.forEach((box, i) => {
      // the arguments that are drawn: plain numbers may be hidden
      const shown = graph && graph.nodes[i].args.flatMap((p, k) => (p < page.boxes.length ? [k] : []));
      box.arrows.forEach(([tail], a) => {
        const group = this.svg.getElementById(`${box.id}-${a}`);
        if (group) this.edges.push(this.edge(group, tail, i, shown ? shown[a] : null));
        if (group && !graph) group.classList.add(box.arrows[a][2] || "none");
      });
    });
  }

  box(box, i) {
    const group = this.svg.getElementById(box.id);
    group.dataset.box = i;
    group.setAttribute("tabindex", "-1");
    group.setAttribute("role", "button");
    const texts = [...group.querySelectorAll("text")];
    const found = { group, ground: group.querySelector("path, polygon") };
    if (this.graph) {
      found.data = texts.at(this.graph.nodes[i].constant ? -1 : -2);
      found.grad = this.graph.nodes[i].constant ? null : texts.at(-1);
      found.data.classList.add("data");
      found.was = [found.data.textContent, found.grad?.textContent, found.grad?.getAttribute("fill")];
      if (this.graph.nodes[i].leaf) group.classList.add("open");
      if (!box.label && box.kind !== "constant") found.short = this.graph.nodes[i].name;
    } else {
      const lines = box.lines.length ? texts.slice(-box.lines.length) : [];
      lines.forEach((text, k) => box.lines[k][1] && text.classList.add(box.lines[k][1]));
      if (box.tint) group.classList.add(...box.tint.split(" "));
    }
    return found;
  }

  edge(group, tail, head, arg) {
    group.setAttribute("aria-hidden", "true");
    const line = group.querySelector("path");
    const text = group.querySelector("text");
    const badge = drawn("g", { class: "badge" });
    badge.append(drawn("circle", { r: 4.2 }), drawn("text", { "text-anchor": "middle", y: 2.9 }));
    group.append(badge);
    return { group, line, text, badge, tail, head, arg, was: text?.textContent };
  }

  // Once it is laid out: sizes and lengths of curves are known. Some boxes can be opened.
  place(opening) {
    this.svg.classList.toggle("folded", !this.graph);
    for (const i of opening) {
      const { group, ground } = this.boxes[i];
      const { x, y, width } = ground.getBBox();
      const opener = drawn("g", { class: "opener", transform: `translate(${x + width - 9} ${y - 8})`, "aria-hidden": "true" });
      opener.append(drawn("rect", { width: 16, height: 16, rx: 4 }), drawn("path", { d: ICONS.open }));
      group.append(opener);
    }
    for (const { group, ground, short } of this.boxes) {
      if (!short) continue; // what the equations call it
      const { x, y } = ground.getBBox();
      group.append(drawn("text", { class: "short", x: x + 5, y: y - 2.5 }));
      group.lastChild.textContent = short;
    }
    for (const { line, badge } of this.edges) {
      const length = line.getTotalLength();
      const { x, y } = line.getPointAtLength(length - Math.min(9, length / 2));
      badge.setAttribute("transform", `translate(${x} ${y})`);
    }
  }

  write(text, content, sign, ground) {
    text.textContent = content;
    if (sign !== undefined) text.setAttribute("class", sign);
    text.removeAttribute("textLength");
    const room = ground.getBBox();
    const width = room.x + room.width - Number(text.getAttribute("x")) - 3;
    if (text.getComputedTextLength() > width) {
      text.setAttribute("textLength", width);
      text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
  }

  // Numbers in boxes and at arrows. What is not known yet is undefined.
  show(now) {
    this.boxes.forEach(({ group, ground, data, grad, was }, i) => {
      const value = now.data[i];
      const slope = now.grad[i];
      if (now.asRecorded) {
        this.write(data, was[0], "data", ground);
        if (grad) this.write(grad, was[1], signOf(slope), ground);
      } else {
        this.write(data, `data ${value === undefined ? "…" : brief(value)}`, "data", ground);
        if (grad) this.write(grad, `grad ${brief(slope)}`, signOf(slope), ground);
      }
      group.dataset.data = value === undefined ? "" : exactly(value);
      group.dataset.grad = exactly(slope);
      group.classList.toggle("pending", value === undefined);
    });
    const sizes = this.edges.map(({ head, arg }) => fabs(now.flows[head][arg] ?? 0));
    const largest = Math.max(...sizes.filter((size) => size < Infinity), 0);
    this.edges.forEach(({ group, text, line, badge, head, arg }, e) => {
      const flow = now.flows[head][arg];
      const constant = this.graph.nodes[this.graph.nodes[head].args[arg]].constant;
      const sign = flow == null || constant ? "none" : signOf(flow);
      group.classList.remove("none", "positive", "negative", "zero", "nan");
      group.classList.add(sign);
      const share = largest && sizes[e] === sizes[e] ? Math.min(sizes[e] / largest, 1) : 0;
      line.style.strokeWidth = sign === "none" ? 1 : (1 + 3.2 * sqrt(share)).toFixed(2);
      badge.lastChild.textContent = GLYPH[sign] ?? "";
      group.classList.toggle("pending", now.data[head] === undefined);
      if (text && now.partials) {
        const partial = now.partials[head][arg];
        text.textContent = ` ${brief(partial)} `;
        text.setAttribute("class", signOf(partial));
      }
    });
  }

  mark(name, boxes, edges = null) {
    this.boxes.forEach(({ group }, i) => group.classList.toggle(name, boxes.has(i)));
    this.edges.forEach(({ group, head, arg }) => {
      group.classList.toggle(name, Boolean(edges?.some(([user, k]) => user === head && k === arg)));
    });
  }
}

// --- looking around: zoom, pan, fit ------------------------------------------------------------

class Camera {
  constructor(stage, drawing, dragged) {
    Object.assign(this, { stage, drawing, dragged, pointers: new Map(), moved: 0 });
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => this.up(event));
    }
    this.fitted = true;
    new ResizeObserver(() => {
      if (stage.isConnected) this.fitted ? this.begin() : this.apply();
    }).observe(stage);
  }

  room() {
    return { width: this.stage.clientWidth || 1, height: this.stage.clientHeight || 1 };
  }

  fitting() {
    const { width, height } = this.room();
    const { size } = this.drawing;
    const largest = 0.14 * parseFloat(getComputedStyle(this.stage).fontSize);
    return Math.min(width / size.width, height / size.height, largest);
  }

  // All of it where it can be read, else its output.
  begin() {
    const scale = this.fitting();
    const readable = Math.max(scale, 0.72);
    const { size } = this.drawing;
    this.fitted = true;
    this.scale = readable;
    this.x = size.x + size.width / 2;
    this.y = size.y + size.height / 2;
    this.apply();
    if (readable > scale) {
      this.reveal(this.drawing.boxes[this.drawing.boxes.length - 1].group);
      this.fitted = true;
    }
  }

  fit() {
    this.begin();
    this.scale = this.fitting();
    this.x = this.drawing.size.x + this.drawing.size.width / 2;
    this.y = this.drawing.size.y + this.drawing.size.height / 2;
    this.apply();
  }

  apply() {
    const { width, height } = this.room();
    const [w, h] = [width / this.scale, height / this.scale];
    this.drawing.svg.setAttribute("viewBox", [this.x - w / 2, this.y - h / 2, w, h].map((v) => v.toFixed(3)).join(" "));
  }

  zoom(factor, at = null) {
    const { width, height } = this.room();
    const [px, py] = at ?? [width / 2, height / 2];
    const before = [this.x + (px - width / 2) / this.scale, this.y + (py - height / 2) / this.scale];
    this.scale = Math.min(Math.max(this.scale * factor, 0.05), 12);
    this.x = before[0] - (px - width / 2) / this.scale;
    this.y = before[1] - (py - height / 2) / this.scale;
    this.fitted = false;
    this.apply();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.fitted = false;
    this.apply();
  }

  // As little as it takes to have an element in view.
  reveal(element) {
    const box = element.getBoundingClientRect();
    const frame = this.stage.getBoundingClientRect();
    const over = (low, high, from, to) => (high > to ? to - high - 12 : low < from ? from - low + 12 : 0);
    const dx = over(box.left, box.right, frame.left, frame.right);
    const dy = over(box.top, box.bottom, frame.top, frame.bottom);
    if (dx || dy) this.pan(dx, dy);
  }

  at(event) {
    const frame = this.stage.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  // A wheel alone scrolls the notebook; with Ctrl, as a pinch on a trackpad sends it, it zooms.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(exp(-event.deltaY * 0.004), this.at(event));
  }

  down(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, this.at(event));
    this.moved = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    this.moved += fabs(dx) + fabs(dy);
    if (this.moved < 5) return;
    this.stage.setPointerCapture(event.pointerId);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other) {
      const apart = (a) => hypot(a[0] - other[0], a[1] - other[1]) || 1;
      this.zoom(apart(now) / apart(before), other);
    } else if (!this.dragged(event, dx)) {
      this.pan(dx, dy);
    }
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }
}

// --- the page ----------------------------------------------------------------------------------

// A text that was packed with zlib, as base64.
async function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

class Page {
  constructor(host, page, rows) {
    this.page = page;
    this.graph = page.nodes && new Graph(page.nodes, rows);
    this.wording = this.graph && new Wording(this.graph);
    const image = Uint8Array.from(atob(host.querySelector("img").src.split(",")[1]), (c) => c.charCodeAt(0));
    const outermost = { ...page, name: "", title: "graph", svg: new TextDecoder().decode(image) };
    this.levels = new Map([["", outermost]]);
    this.inside = new Set("DecompressionStream" in window ? page.inside : []);
    this.level = outermost;
    this.drawing = new Drawing(outermost.svg, outermost, this.graph);
    this.changed = new Map(); // leaves with another number
    this.position = null; // steps done; null: the numbers as they were recorded
    this.selected = null;
    this.numbers = this.graph?.recorded;
    this.root = host.attachShadow({ mode: "open" });
    this.root.append(el("style", {}, page.style), this.build());
    for (const name of ["keydown", "keyup", "keypress"]) {
      this.app.addEventListener(name, (event) => this.key(event, name === "keydown"));
    }
    this.follow(host);
    this.camera = new Camera(this.stage, this.drawing, (event, dx) => this.scrub(event, dx));
    this.listen();
    this.shape();
    this.enter();
  }

  // --- inside folded boxes ---

  opens(i) {
    return this.inside.has(this.level.boxes[i].id);
  }

  async open(name) {
    if (this.levels.size === 1 && name) {
      for (const level of JSON.parse(await unpacked(this.page.packed))) this.levels.set(level.name, level);
    }
    const from = this.level.name;
    if (from === name || !this.levels.has(name)) return;
    this.level = this.levels.get(name);
    this.drawing = new Drawing(this.level.svg, this.level, null);
    this.camera.drawing = this.drawing;
    this.stage.querySelector("svg").replaceWith(this.drawing.svg);
    this.selected = this.hovered = null;
    this.card.hidden = true;
    this.camera.begin();
    this.enter();
    this.find();
    // on the way up, to the box that one comes from
    const inner = from.split("_").slice(0, name ? name.split("_").length + 1 : 1).join("_");
    const at = this.level.boxes.findIndex(({ id }) => id === inner);
    this.focus(at < 0 ? this.level.root : at, false);
  }

  up() {
    if (this.level.name) this.open(this.level.name.split("_").slice(0, -1).join("_"));
  }

  // A new drawing has come to the stage.
  enter() {
    this.drawing.place(this.level.boxes.flatMap((_, i) => (this.opens(i) ? [i] : [])));
    this.drawing.boxes[this.level.root]?.group.setAttribute("tabindex", "0");
    this.crumbs.hidden = !this.inside.size;
    const parts = this.level.name ? this.level.name.split("_") : [];
    const names = ["", ...parts.map((_, k) => parts.slice(0, k + 1).join("_"))];
    this.trail.replaceChildren(...names.map((name) => {
      const here = name === this.level.name;
      const { title } = this.levels.get(name);
      return el("li", {}, el("button", { type: "button", "aria-current": here && "location", onclick: () => this.open(name) }, title));
    }));
    this.render();
  }

  build() {
    const { page, graph } = this;
    const button = (label, content, action) => el("button", { type: "button", title: label, "aria-label": label, onclick: action }, content);
    this.search = el("input", { type: "search", placeholder: "Search label, op, scope", "aria-label": "Search by label, op or scope", oninput: () => this.find() });
    this.matches = el("span", { class: "matches", role: "status" });
    const zoom = el(
      "div", { class: "zoom", role: "group", "aria-label": "View" },
      button("Zoom out (−)", "−", () => this.camera.zoom(1 / 1.3)),
      button("Zoom in (+)", "+", () => this.camera.zoom(1.3)),
      button("Show all (0)", "Fit", () => this.camera.fit()),
    );
    const header = el("header", {}, el("h1", {}, page.title), el("div", { class: "tools" }, this.search, this.matches, zoom));
    this.card = el("div", { class: "card", hidden: true });
    this.stage = el("div", { class: "stage" }, this.drawing.svg, this.card);
    this.moment = el("div", { class: "moment", role: "status" });
    this.trail = el("ol");
    this.crumbs = el("nav", { class: "crumbs", "aria-label": "Breadcrumbs" }, this.trail);
    const left = el("div", { class: "left" }, this.crumbs, this.stage, this.moment);
    if (graph) {
      this.slider = el("input", { type: "range", min: 0, max: graph.steps.length, step: 1, "aria-label": "Step", oninput: () => this.go(Number(this.slider.value)) });
      this.counter = el("span", { class: "counter" });
      this.playing = button("Play", icon(ICONS.play), () => this.play());
      this.playing.classList.add("play");
      left.append(el(
        "div", { class: "player", role: "group", "aria-label": "Player" },
        button("First", icon(ICONS.first), () => this.go(0)),
        button("Back", icon(ICONS.back), () => this.step(-1)),
        this.playing,
        button("Forward", icon(ICONS.forward), () => this.step(1)),
        button("Last", icon(ICONS.last), () => this.go(graph.steps.length)),
        this.slider, this.counter,
      ));
    }
    this.facts = el("div", { class: "facts" });
    this.control = el("div", { class: "control" });
    this.panel = el("aside", { class: "panel", "aria-label": "Details" }, this.facts, this.control);
    this.app = el("div", { class: page.full ? "app full" : "app", role: "group", "aria-label": page.title }, header, el("div", { class: "main" }, left, this.panel));
    return this.app;
  }

  // The theme of the notebook around it, or of the system.
  follow(host) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const set = () => {
      const { jpThemeLight, vscodeThemeKind = "" } = document.body.dataset;
      const said = jpThemeLight ? jpThemeLight === "false" : vscodeThemeKind ? /dark/.test(vscodeThemeKind) : dark.matches;
      this.app.classList.toggle("dark", said);
    };
    set();
    dark.addEventListener("change", set);
    new MutationObserver(set).observe(document.body, { attributes: true });
  }

  shape() {
    const { size } = this.drawing;
    this.stage.style.setProperty("--ratio", `${size.width} / ${size.height}`);
    const tall = Math.ceil(size.height * 1.4 + 40);
    // as high for pictures that are opened later, so that nothing jumps
    this.stage.style.setProperty("--tall", this.inside.size ? `max(24em, ${tall}px)` : `${tall}px`);
    this.camera.begin();
  }

  listen() {
    const boxOf = (event) => {
      const group = event.target.closest?.("[data-box]");
      return group ? Number(group.dataset.box) : null;
    };
    const { stage } = this;
    stage.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.hover(boxOf(event)));
    stage.addEventListener("pointerleave", () => this.hover(null));
    stage.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && this.hover(boxOf(event)));
    stage.addEventListener("focusout", () => this.hover(null));
    stage.addEventListener("pointerdown", (event) => {
      const box = boxOf(event);
      const open = box !== null && this.canChange(box) && event.target.classList.contains("data");
      this.scrubbed = open ? { box, from: this.numbers.data[box], dx: 0 } : null;
    });
    stage.addEventListener("click", (event) => {
      const box = boxOf(event);
      if (this.camera.moved < 5) {
        if (event.target.closest(".opener")) this.open(this.level.boxes[box].id);
        else this.select(box);
      }
      this.camera.moved = 0;
    });
    stage.addEventListener("dblclick", (event) => {
      const box = boxOf(event);
      if (box !== null && this.opens(box)) this.open(this.level.boxes[box].id);
      else if (!event.target.closest(".opener")) this.camera.zoom(1.6, this.camera.at(event));
    });
  }

  // --- what is shown now ---

  now() {
    const { graph } = this;
    const asRecorded = this.position === null && !this.changed.size;
    const position = this.position ?? graph.steps.length;
    const { data, partials } = this.numbers;
    if (asRecorded) {
      const { grad } = graph.recorded;
      const flows = partials.map((row, i) => row.map((p) => carried(grad[i], p)));
      return { asRecorded, data, grad, partials, flows };
    }
    const { grad, flows, last } = graph.swept(this.numbers, position);
    const known = [...data];
    graph.order.slice(position).forEach((i) => { known[i] = undefined; });
    return { data: known, grad, partials, flows, last, position };
  }

  render() {
    if (this.graph) {
      this.current = this.now();
      this.drawing.show(this.current);
      this.tell();
      this.slider.value = this.position ?? this.graph.steps.length;
      this.slider.setAttribute("aria-valuetext", this.moment.textContent.slice(0, 200));
      this.counter.textContent = `${this.slider.value} / ${this.graph.steps.length}`;
    } else {
      this.moment.replaceChildren(el("p", { class: "phase" }, this.level.caption), ...this.remarks().map((said) => el("p", { class: "words" }, said)));
    }
    this.level.boxes.forEach((box, i) => this.drawing.boxes[i].group.setAttribute("aria-label", this.spoken(i)));
    this.describe();
    if (this.hovered != null) this.hover(this.hovered);
  }

  // What a picture cannot say of itself.
  remarks() {
    if (this.compares()) return [];
    const { name, boxes } = this.level;
    const missing = this.page.closed + (this.page.inside ?? []).length - this.inside.size;
    const closed = name ? boxes.filter((box, i) => box.opens && !this.opens(i)).length : missing;
    const some = closed === 1 ? "1 box holds" : `${closed.toLocaleString("en")} boxes hold`;
    const here = name ? "here" : "on this page, inner pictures included,";
    return [
      boxes.some((_, i) => this.opens(i)) && "A box with arrows in its corner opens: click these, or press Enter. Backspace leads back.",
      closed && `${some} more than there is room for ${here} and cannot be opened: draw a part, by wrt=… or expand="name of a scope".`,
      !name && "The player and what-if are for graphs that are shown whole: draw a part of this one, or allow more boxes (max_nodes=…).",
    ].filter(Boolean);
  }

  // Whether it is of two graphs, before and after.
  compares() {
    return this.level.boxes.some(({ tint }) => tint);
  }

  spoken(i) {
    const { symbol, kind, label, lines } = this.level.boxes[i];
    const { data, grad } = this.current ?? {};
    const numbers = data
      ? [data[i] === undefined ? "not computed yet" : `data ${brief(data[i])}`, kind !== "constant" && `gradient ${brief(grad[i])}`]
      : lines.map(([text]) => text);
    return [label || this.graph?.nodes[i].name, symbol || kind, ...numbers, this.opens(i) && "opens with Enter"].filter(Boolean).join(", ");
  }

  // The equation of the moment, in words and numbers.
  tell() {
    const { graph, wording, position, current } = this;
    const { data, partials } = this.numbers;
    const { name } = wording;
    const step = position ? graph.steps[position - 1] : null;
    const say = (phase, formula, ...words) => {
      this.moment.replaceChildren(el("p", { class: "phase" }, phase), el("p", { class: "formula" }, ...formula), el("p", { class: "words" }, ...words));
    };
    const active = new Set();
    let edges = [];
    if (this.changed.size && position === null) {
      this.foretell(say);
    } else if (position === null) {
      say("As recorded", [wording.made(graph.root, data)], "Play goes forward through the ops, then back along the edges to every gradient. Point at a box for its numbers, click it for its paths, drag the number of a leaf to see what would be.");
    } else if (!step) {
      say("Start", ["The leaves have their numbers."], "Nothing else is computed yet, and every gradient is 0.");
    } else if (step.kind === "forward") {
      const { node } = step;
      active.add(node);
      edges = graph.nodes[node].args.map((_, k) => [node, k]);
      const kept = graph.nodes[node].args.flatMap((p, k) => (graph.nodes[p].constant ? [] : [`${wording.fraction(node, k)} = ${brief(partials[node][k])}`]));
      const more = kept.length > 6 ? `, and ${kept.length - 6} more` : "";
      say(`Forward, op ${position} of ${graph.forwardEnd}`, [wording.made(node, data)], kept.length ? `Noted for the way back: ${kept.slice(0, 6).join(", ")}${more}.` : "It depends on constants alone, so no gradient flows through it.");
    } else if (step.kind === "seed") {
      active.add(step.node);
      say("Backward, start at the output", [`grad of ${name(step.node)} = 1`], `The output changes as fast as itself: ∂${name(step.node)}/∂${name(step.node)} = 1. Every other gradient starts at 0, and each edge will add its part.`);
    } else {
      edges = [[step.node, step.arg]];
      active.add(step.node).add(step.parent);
      this.tellEdge(say, step, current.last);
    }
    this.drawing.mark("now", active, edges);
    const place = edges.length === 1 ? step.parent : step?.node;
    if (place !== undefined && place < this.drawing.boxes.length) this.camera.reveal(this.drawing.boxes[place].group);
  }

  tellEdge(say, { node, arg, parent }, { upstream, contribution, before, after }) {
    const { graph, wording } = this;
    const { data, partials } = this.numbers;
    const name = wording.name;
    const uses = graph.uses[parent];
    const turn = uses.findIndex(([user, k]) => user === node && k === arg) + 1;
    const edges = graph.steps.length - graph.forwardEnd - 1;
    const term = (number, caption) => el("span", { class: "term" }, number, el("small", {}, caption));
    const formula = [
      term(signed(upstream), `gradient of ${name(node)}`), el("span", { class: "sign" }, "×"),
      term(signed(partials[node][arg]), wording.fraction(node, arg)), el("span", { class: "sign" }, "="),
      term(signed(contribution), `goes to ${name(parent)}`),
    ];
    const sum = el("b", { class: "sum" }, `grad of ${name(parent)}: ${brief(before)} + ${brief(contribution)} = ${brief(after)}`.replace("+ -", "− "));
    const times = uses.length === 1
      ? ` ${name(parent)} is used once, so this is its whole gradient.`
      : ` ${name(parent)} is used ${uses.length} times, and this is use ${turn}: it reaches the output along each of them, so their parts add up${turn === uses.length ? ", and now its gradient is complete" : ""}.`;
    const local = wording.partial(node, arg, data, partials);
    say(`Backward, edge ${this.position - graph.forwardEnd - 1} of ${edges}`, formula, sum, times, el("span", { class: "local" }, `Local derivative: ${local}`));
  }

  // What the gradient foretold of the changes on the page, and what came of them.
  foretell(say) {
    const { graph, wording } = this;
    const { recorded } = graph;
    const grad = (this.slopes ??= graph.swept(recorded).grad);
    const [before, after] = [recorded.data[graph.root], this.numbers.data[graph.root]];
    let told = 0;
    const parts = [...this.changed].map(([leaf, x]) => {
      const change = x - recorded.data[leaf];
      told += grad[leaf] * change;
      return `${brief(grad[leaf])} × ${brief(change)}`;
    });
    const what = [...this.changed].map(([leaf, x]) => `${wording.name(leaf)}: ${brief(recorded.data[leaf])} → ${brief(x)}`);
    say("What if", [`${what.join(", ")}; ${wording.name(graph.root)}: ${brief(before)} → ${brief(after)}`], `The recorded gradient times the change foretells ${equation(parts.join(" + "), brief(told))}; ${wording.name(graph.root)} changed by ${brief(after - before)}.`);
  }

  // --- one box ---

  lines(i) {
    const box = this.level.boxes[i];
    const row = (key, ...content) => el("div", { class: box.summary ? "row wide" : "row" }, el("dt", {}, key), el("dd", {}, ...content));
    const rows = [];
    if (this.graph) {
      const { data, grad, partials } = { ...this.current, partials: this.numbers.partials };
      const node = this.graph.nodes[i];
      rows.push(row("data", data[i] === undefined ? "not computed yet" : exactly(data[i])));
      if (!node.constant) rows.push(row("grad", signed(grad[i], exactly(grad[i]))));
      if (node.args.length) rows.push(row("formula", this.wording.made(i, this.numbers.data)));
      node.args.slice(0, 8).forEach((parent, k) => {
        if (!this.graph.nodes[parent].constant) {
          rows.push(row(k ? "" : "local", this.wording.partial(i, k, this.numbers.data, partials)));
        }
      });
      if (node.args.length > 8) rows.push(row("", `… and ${node.args.length - 8} more`));
    } else if (box.summary) {
      const { values, copies, parameters, ops, bars, ...of } = box.summary;
      const [low, high, norm] = [of.low, of.high, of.norm].map((x) => brief(number(x)));
      const many = (n) => n.toLocaleString("en");
      rows.push(row("values", `${many(values)}${copies > 1 ? `, computed ${many(copies)} times` : ""}`));
      if (ops) rows.push(row("made by", ops));
      if (parameters) rows.push(row("parameters", many(parameters)));
      if (low !== "nan") rows.push(row("outputs", bars.length ? `${low} to ${high}` : low, this.histogram(bars)));
      if (norm !== "nan") rows.push(row("‖grad‖", norm));
      for (const [text, sign] of box.lines) {
        if (sign === "nan") rows.push(row("", el("b", { class: sign }, text)));
      }
      if (box.opens && !this.opens(i)) rows.push(row("inside", "left out of this page"));
    } else if (box.exact) {
      const [data, grad] = box.exact.map(number);
      rows.push(row("data", exactly(data)));
      if (box.kind !== "constant") rows.push(row("grad", signed(grad, exactly(grad))));
    } else {
      rows.push(...box.lines.map(([text, sign]) => row("", el("span", { class: sign }, text))));
    }
    if (box.scope.length) rows.push(row("scope", box.scope.join(" › ")));
    const line = this.graph?.nodes[i].line;
    if (line) rows.push(row("made at", el("code", {}, line)));
    return rows;
  }

  histogram(bars) {
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

  heading(i) {
    const { kind, symbol, label } = this.level.boxes[i];
    const name = label || this.graph?.nodes[i].name || "";
    return el("h2", {}, el("span", { class: "name" }, name), el("span", { class: `kind ${kind}` }, symbol ? `${symbol}  ${kind}` : kind));
  }

  hover(i) {
    this.hovered = i;
    this.card.hidden = i === null || i === this.selected; // then the panel says it
    if (this.card.hidden) return;
    this.card.replaceChildren(this.heading(i), el("dl", {}, ...this.lines(i)));
    const box = this.drawing.boxes[i].group.getBoundingClientRect();
    const frame = this.stage.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.card;
    const below = box.bottom - frame.top + 8;
    const above = box.top - frame.top - offsetHeight - 8;
    const left = box.left - frame.left + box.width / 2 - offsetWidth / 2;
    this.card.style.left = `${Math.max(4, Math.min(left, frame.width - offsetWidth - 4))}px`;
    this.card.style.top = `${below + offsetHeight < frame.height || above < 0 ? below : above}px`;
  }

  select(i) {
    if (i !== this.selected) {
      this.selected = i;
      this.card.hidden = true;
      const wayIn = () => el("button", { type: "button", class: "way-in", onclick: () => this.open(this.level.boxes[i].id) }, icon(ICONS.open), "Open");
      const controls = i === null ? [] : this.canChange(i) ? this.knob(i) : this.opens(i) ? [wayIn()] : [];
      this.control.replaceChildren(...controls);
    }
    this.describe();
  }

  describe() {
    const i = this.selected;
    this.drawing.svg.classList.toggle("marking", i !== null && Boolean(this.graph));
    this.drawing.mark("selected", new Set(i === null ? [] : [i]));
    if (i === null) {
      this.drawing.mark("on-path", new Set(), []);
      const kinds = new Set(this.level.boxes.map(({ kind }) => kind));
      const key = ([name, said]) => el("li", {}, el("span", { class: `swatch ${name}` }, GLYPH[name] ?? ""), said);
      const moved = ([name, [glyph, said]]) => el("li", {}, el("span", { class: `swatch ${name}` }, glyph), said);
      const legend = Object.entries(LEGEND).filter(([name]) => kinds.has(name) || (this.graph && GLYPH[name]));
      this.facts.replaceChildren(...[
        el("h2", {}, "How to read it"),
        el("ul", { class: "legend" }, ...(this.compares() ? Object.entries(MOVED).map(moved) : legend.map(key))),
        this.graph && el("p", { class: "hint" }, "The number at an arrow is the local derivative; its width is the gradient that flows back through it."),
        el("p", { class: "hint" }, `Keys: ${this.graph ? "← → step, space plays, " : ""}↑ ↓ choose a box, Enter ${this.graph ? "marks its paths" : this.inside.size ? "opens it, space keeps it here, Backspace leads back" : "keeps it here"}, + − 0 zoom, / searches. Drag moves the picture, Ctrl and the wheel zoom.`),
      ].filter(Boolean));
      return;
    }
    this.facts.replaceChildren(this.heading(i), el("dl", {}, ...this.lines(i)), ...(this.graph ? this.ways(i) : []));
  }

  // Every path from a node to the output, with its product, and their sum.
  ways(i) {
    const { graph, wording } = this;
    const { partials } = this.numbers;
    const { nodes, edges, found, count, sum } = graph.paths(i, partials);
    const mark = () => this.drawing.mark("on-path", nodes, edges);
    mark();
    const name = wording.name;
    if (i === graph.root) return [el("p", { class: "hint" }, "This is the output: its gradient is 1.")];
    if (!count) return [el("p", { class: "hint" }, `No path with a derivative leads from here to ${name(graph.root)}.`)];
    const one = count === 1n;
    const list = found.map((way) => {
      const factors = way.edges.map(([user, k]) => inNumbers(["", 0, ""], [partials[user][k]]));
      const chain = [name(i), ...way.edges.map(([user]) => name(user))].join(" → ");
      const only = () => this.drawing.mark("on-path", new Set([i, ...way.edges.map(([user]) => user)]), way.edges);
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

  // --- what if ---

  canChange(i) {
    return Boolean(this.graph?.rows && this.graph.nodes[i].leaf);
  }

  knob(i) {
    const base = this.graph.recorded.data[i];
    const span = Math.max(1, 2 * fabs(base)) || 1;
    const name = this.wording.name(i);
    const slider = el("input", { type: "range", min: base - span, max: base + span, step: "any", value: base, "aria-label": `${name} on a slider`, oninput: () => this.change(i, Number(slider.value)) });
    const field = el("input", { type: "text", inputmode: "decimal", "aria-label": `Number of ${name}`, onchange: () => { const x = Number(field.value.trim() || "x"); if (x === x) this.change(i, x); else sync(); } });
    const reset = el("button", { type: "button", onclick: () => this.reset() }, "Reset");
    const sync = () => {
      const x = this.numbers.data[i];
      field.value = exactly(x);
      slider.value = x;
      reset.disabled = !this.changed.size;
    };
    this.sync = sync;
    sync();
    return [el("h3", {}, `What if ${name} were …`), el("div", { class: "knob" }, slider, field, reset)];
  }

  change(i, x) {
    if (x === this.graph.recorded.data[i]) this.changed.delete(i);
    else this.changed.set(i, x);
    this.numbers = this.changed.size ? this.graph.evaluated(this.changed) : this.graph.recorded;
    this.sync?.();
    this.render();
  }

  reset() {
    this.changed.clear();
    this.numbers = this.graph.recorded;
    this.position = null;
    this.sync?.();
    this.render();
  }

  scrub(event, dx) {
    if (!this.scrubbed) return false;
    const { box, from } = this.scrubbed;
    this.scrubbed.dx += dx;
    const unit = 10 ** (Math.floor(log10(fabs(from) || 1)) - 2);
    if (this.selected !== box) this.select(box);
    this.change(box, Number((from + this.scrubbed.dx * unit).toPrecision(12)));
    return true;
  }

  // --- the player ---

  go(position) {
    this.pause();
    this.place(position);
  }

  place(position) {
    this.position = Math.max(0, Math.min(position, this.graph.steps.length));
    this.render();
  }

  step(by) {
    this.go((this.position ?? this.graph.steps.length) + by);
  }

  play() {
    if (this.timer) {
      this.pause();
      return;
    }
    const end = this.graph.steps.length;
    if ((this.position ?? end) === end) this.place(0);
    this.playing.replaceChildren(icon(ICONS.pause));
    this.playing.setAttribute("aria-label", "Pause");
    this.timer = setInterval(() => {
      if (!this.app.isConnected) this.pause();
      else if (this.position < end) this.place(this.position + 1);
      if (this.position === end) this.pause();
    }, this.page.pace);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.playing.replaceChildren(icon(ICONS.play));
    this.playing.setAttribute("aria-label", "Play");
  }

  // --- search and keys ---

  find() {
    const wanted = this.search.value.trim().toLowerCase();
    const texts = (box, i) => [
      box.label, box.symbol, box.scope.join("."),
      ...(this.graph ? [this.graph.nodes[i].name, this.graph.nodes[i].op] : box.lines.map(([text]) => text)),
    ];
    this.hits = wanted
      ? this.level.boxes.flatMap((box, i) => (texts(box, i).some((text) => text.toLowerCase().includes(wanted)) ? [i] : []))
      : [];
    this.matches.textContent = wanted ? `${this.hits.length} of ${this.level.boxes.length}${this.inside.size ? " here" : ""}` : "";
    this.drawing.svg.classList.toggle("searching", Boolean(wanted));
    this.drawing.mark("found", new Set(this.hits));
    if (this.hits.length) this.camera.reveal(this.drawing.boxes[this.hits[0]].group);
    this.hit = -1;
  }

  focus(i, shows = true) {
    for (const { group } of this.drawing.boxes) group.setAttribute("tabindex", "-1");
    const { group } = this.drawing.boxes[i];
    group.setAttribute("tabindex", "0");
    group.focus({ preventScroll: true });
    this.camera.reveal(group);
    if (shows) this.hover(i);
  }

  // Keys pressed in here are nobody else's: a notebook would insert cells.
  key(event, isDown) {
    event.stopPropagation();
    if (!isDown || event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target.matches("input:not([type=range])");
    const onSlider = event.target.matches("input[type=range]");
    const onButton = event.target.matches("button");
    const busy = this.search.value || this.selected !== null;
    if (event.key === "Escape" && !busy && this.level.name) {
      this.up();
    } else if (event.key === "Escape") {
      this.search.value = "";
      this.find();
      this.select(null);
      this.hover(null);
    } else if (event.target === this.search && event.key === "Enter" && this.hits?.length) {
      this.hit = (this.hit + 1) % this.hits.length;
      const i = this.hits[this.hit];
      this.select(i);
      this.camera.reveal(this.drawing.boxes[i].group);
    } else if (!inField && !this.command(event, onSlider, onButton)) {
      return;
    } else if (inField) {
      return;
    }
    event.preventDefault();
  }

  command({ key, target }, onSlider, onButton) {
    const box = target.closest("[data-box]");
    const at = box ? Number(box.dataset.box) : this.level.root;
    const actions = { "+": () => this.camera.zoom(1.3), "=": () => this.camera.zoom(1.3), "-": () => this.camera.zoom(1 / 1.3), 0: () => this.camera.fit(), "/": () => this.search.focus() };
    if (!onSlider) {
      const last = this.level.boxes.length - 1;
      actions.ArrowUp = () => this.focus(box ? Math.max(at - 1, 0) : at);
      actions.ArrowDown = () => this.focus(box ? Math.min(at + 1, last) : at);
      if (this.graph) {
        actions.ArrowLeft = () => this.step(-1);
        actions.ArrowRight = () => this.step(1);
        actions.Home = () => this.go(0);
        actions.End = () => this.go(this.graph.steps.length);
      }
    }
    if (box) actions.Enter = () => (this.opens(at) ? this.open(this.level.boxes[at].id) : this.select(at));
    if (box && !this.graph) actions[" "] = () => this.select(at);
    if (this.inside.size) actions.Backspace = () => this.up();
    if (this.graph && !onButton) actions[" "] = () => this.play();
    actions[key]?.();
    return key in actions;
  }
}

function open(host, page, rows) {
  if (host && !host.shadowRoot && host.querySelector("img")) return new Page(host, page, rows);
  return null;
}
