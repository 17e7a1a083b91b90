// One forward and backward pass through a hidden layer, told step by step as the page is scrolled. Every number and every
// equation is the graph's own.

// Where things stand in the picture, and which line a weight is.
const PLACES = { x1: [36, 82], x2: [36, 242], h1: [198, 82], h2: [198, 242], y: [352, 162], loss: [456, 162] };
// Of a weight: where it leads from and to, and where on the line, and how far from it, its numbers stand.
const LINES = {
  w11: ["x1", "h1", 0.5, 0, -7, 14], w12: ["x2", "h1", 0.34, 8, 12, 26], w21: ["x1", "h2", 0.26, 8, -12, 2], w22: ["x2", "h2", 0.5, 0, -7, 14],
  v1: ["h1", "y", 0.42, 8, -16, -2], v2: ["h2", "y", 0.42, 8, 14, 28],
};
const BIASES = { b1: "h1", b2: "h2", c: "y" };
const RADIUS = 29;
const RATE = 0.1;

class Story {
  constructor(graph, host, lesson) {
    Object.assign(this, { graph, host, lesson, wording: new Wording(graph), at: 0 });
    this.index = Object.fromEntries(graph.nodes.map(({ name }, i) => [name, i]));
    this.inputs = new Set(["x1", "x2", "target"].map((name) => this.index[name]));
    // nobody moves the data, so gradients that go to them are left out
    this.positions = graph.steps.flatMap(({ kind, parent }, i) => (kind === "edge" && this.inputs.has(parent) ? [] : [i + 1]));
    this.svg = drawn("svg", { class: "chart network", viewBox: "0 8 492 286", role: "img" });
    this.count = el("span", {});
    const step = (label, d, by) => button(label, icon(ICONS[d]), () => this.go(this.at + by));
    const stage = el("div", { class: "stage" }, this.svg, el("div", { class: "steps" }, step("Step back", "back", -1), this.count, step("Step on", "forward", 1)));
    this.items = [0, ...this.positions, null].map((_, k) => el("li", { onclick: () => this.go(k) }));
    host.append(stage, el("ol", {}, ...this.items));
    this.stage = stage;
    this.outcome = el("p", { class: "words", role: "status" });
    const follow = () => { this.waiting ??= requestAnimationFrame(() => { this.waiting = null; this.read(); }); };
    for (const name of ["scroll", "resize"]) window.addEventListener(name, follow, { passive: true });
  }

  // The numbers are others: every step is told anew.
  show(now) {
    this.numbers = this.graph.evaluated(new Map(Object.entries(now).filter(([name]) => name in this.index).map(([name, x]) => [this.index[name], x])));
    const { data } = this.numbers;
    this.parts = this.positions.map((position, k) => {
      const { graph, numbers, wording: { name } } = this;
      const { kind, node, parent } = graph.steps[position - 1];
      const many = graph.nodes[node].args.length > 1;
      const moment = new Moment(graph, this.wording);
      const took = moment.tell(position, numbers, graph.adjoints(numbers, position).last, many);
      const [phase, formula, words] = moment.element.children;
      moment.element.removeAttribute("role");
      phase.textContent = kind === "forward" ? `Forward to ${name(node)}` : kind === "seed" ? "Turn around" : `Back from ${name(node)} to ${name(parent)}`;
      if (kind === "forward" && many && this.sums(node)) formula.replaceChildren(this.sums(node));
      if (kind === "edge") words.replaceChildren(words.querySelector(".local"));
      this.items[k + 1].replaceChildren(moment.element);
      return took;
    });
    this.items[0].replaceChildren(el("p", { class: "phase" }, "Your network"), el("p", {}, "Two inputs, two hidden neurons, one output, which should be ", told(data[this.index.target]), ". Scroll on, or take the arrows: first the numbers go forward."));
    const { grad } = this.graph.adjoints(this.numbers);
    this.items.at(-1).replaceChildren(
      el("p", { class: "phase" }, "Update"),
      el("p", {}, `Every weight has its gradient now, and moves against it, by ${RATE} of it: `, ...["w11", "v1"].flatMap((name, k) => {
        const slope = grad[this.index[name]];
        const [open, close] = slope < 0 ? ["(", ")"] : ["", ""];
        return [k ? ", " : "", `new ${name} = `, told(data[this.index[name]]), ` − ${RATE} · ${open}`, told(slope), close];
      }), ", and so on."),
      el("button", { type: "button", onclick: (event) => { event.stopPropagation(); this.update(grad); } }, "Take this step"),
      this.outcome,
    );
    this.draw();
  }

  // What a neuron adds up, in words and numbers.
  sums(node) {
    const { graph: { nodes }, numbers: { data }, wording: { name } } = this;
    const { args } = nodes[node];
    const n = (args.length - 1) / 2;
    if (!(name(args.at(-1)) in BIASES)) return "";
    const added = (say) => [...Array(n).keys()].map((i) => `${say(args[i])}·${say(args[n + i])}`).concat(say(args.at(-1))).join(" + ");
    const bracketed = (i) => (data[i] < 0 ? `(${shown(data[i])})` : shown(data[i]));
    return equation(name(node), added(name), added(bracketed), shown(data[node]));
  }

  update(grad) {
    const before = this.numbers.data[this.graph.root];
    for (const name of [...Object.keys(LINES), ...Object.keys(BIASES)]) this.lesson.set(name, this.numbers.data[this.index[name]] - RATE * grad[this.index[name]]);
    this.outcome.replaceChildren("The loss was ", told(before), " and is ", told(this.numbers.data[this.graph.root]), " now. Take another, or scroll up and follow the next pass.");
  }

  // The step that is read: the one in the middle of what is free of the picture.
  read() {
    const line = this.middle();
    const far = this.items.map((item) => { const box = item.getBoundingClientRect(); return Math.max(box.top - line, line - box.bottom, 0); });
    const k = far.indexOf(Math.min(...far));
    if (k !== this.at) this.draw(k);
  }

  middle() {
    const stage = this.stage.getBoundingClientRect();
    const beside = this.items[0].getBoundingClientRect().right <= stage.left;
    return ((beside ? 0 : Math.max(stage.bottom, 0)) + innerHeight) / 2;
  }

  go(k) {
    const item = this.items[Math.min(Math.max(k, 0), this.items.length - 1)];
    // again, as the picture may begin or end to stick meanwhile
    for (let turn = 0; turn < 2; turn += 1) {
      const { top, bottom } = item.getBoundingClientRect();
      window.scrollBy({ top: (top + bottom) / 2 - this.middle(), behavior: "instant" });
    }
    this.draw(this.items.indexOf(item));
  }

  draw(at = this.at) {
    this.at = at;
    const { graph, index, numbers } = this;
    const last = at === this.items.length - 1;
    const position = at === 0 ? 0 : last ? graph.steps.length : this.positions[at - 1];
    const done = graph.steps.slice(0, position);
    const computed = new Set(done.filter(({ kind }) => kind === "forward").map(({ node }) => node));
    const { grad } = graph.adjoints(numbers, position);
    const arrived = new Set(done.flatMap(({ kind, parent }) => (kind === "edge" ? [parent] : [])));
    const back = position > graph.forwardEnd;
    const { boxes = [], edges = [] } = at && !last ? this.parts[at - 1] : {};
    const touched = new Set([...boxes, ...edges.flatMap(([node, k]) => (back ? [] : [graph.nodes[node].args[k]]))].map((i) => graph.nodes[i].name));
    const known = (name) => !graph.nodes[index[name]].args.length || computed.has(index[name]);
    const now = (...names) => names.some((name) => touched.has(name));
    const value = (name) => numbers.data[index[name]];
    const gradient = (name, x, y, anchor = "middle", called = "") => (arrived.has(index[name]) ? [this.text(x, y, [called, grad[index[name]]], "gradient", anchor)] : []);
    this.items.forEach((item, k) => item.classList.toggle("now", k === at));
    this.count.textContent = `${at} of ${this.items.length - 1}`;
    const [marks, labels] = [[], []];
    for (const [name, [from, to, share, dx, dy, below]] of Object.entries(LINES)) {
      const [[x1, y1], [x2, y2]] = [PLACES[from], PLACES[to]];
      const w = value(name);
      // back, a line that brings its weight or the neuron behind it a gradient
      const on = back ? now(name) || (now(from) && now(to)) : now(name);
      marks.push(drawn("line", { class: `${signOf(w)} ${on ? "flowing" : ""} ${back ? "back" : ""}`, x1: x1 + RADIUS, y1, x2: x2 - RADIUS, y2, "stroke-width": (0.8 + 2.4 * Math.min(fabs(w), 3)).toFixed(2) }));
      const [x, y] = [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
      const anchor = dx ? "start" : "middle";
      labels.push(this.text(x + dx, y + dy, [`${name} `, w], on ? "weight on" : "weight", anchor), ...gradient(name, x + dx, y + below, anchor));
    }
    const flows = (name) => `zero ${now(name) ? "flowing" : ""} ${back ? "back" : ""}`;
    marks.push(drawn("line", { class: flows("error"), x1: PLACES.y[0] + RADIUS, y1: 162, x2: 424, y2: 162, "stroke-width": 1.6 }), drawn("line", { class: "zero", x1: 456, y1: 226, x2: 456, y2: 185, "stroke-width": 1.6 }));
    for (const [name, to] of Object.entries(BIASES)) {
      const [x, y] = PLACES[to];
      const top = y - RADIUS - 9;
      labels.push(this.text(x, top, [`${name} `, value(name)], now(name) ? "weight on" : "weight"), ...gradient(name, x, top - 14));
    }
    for (const name of ["x1", "x2", "h1", "h2", "y"]) {
      const [x, y] = PLACES[name];
      const sum = name.replace("h", "s");
      const seen = known(name) || !(sum in index) ? name : sum;
      marks.push(drawn("circle", { class: `neuron ${now(name, sum) ? "on" : ""} ${known(seen) ? "" : "pending"}`, cx: x, cy: y, r: RADIUS }));
      labels.push(this.text(x, y - 5, [known(seen) ? seen : name], "name"), ...(known(seen) ? [this.text(x, y + 12, [value(seen)], "value")] : []));
      const inner = arrived.has(index[sum]) ? sum : name;
      if (!this.inputs.has(index[name])) labels.push(...gradient(inner, x, y + RADIUS + 15, "middle", `${inner} `));
    }
    const seen = known("loss") ? "loss" : "error";
    marks.push(drawn("rect", { class: `neuron ${now("loss", "error") ? "on" : ""} ${known("error") ? "" : "pending"}`, x: 424, y: 139, width: 64, height: 46, rx: 9 }));
    labels.push(this.text(456, 157, [seen], "name"), ...(known(seen) ? [this.text(456, 174, [value(seen)], "value")] : []));
    labels.push(...gradient("error", 490, 130, "end", "error "), this.text(456, 240, ["target"], "name"), this.text(456, 256, [value("target")], "value"));
    this.svg.replaceChildren(...marks, ...labels);
    const says = this.items[at].querySelector(".formula")?.textContent ?? this.items[at].textContent;
    this.svg.setAttribute("aria-label", `A network of two inputs, two hidden neurons and one output. Step ${at}: ${says}`);
  }

  // A line of text, with numbers that can be read exactly.
  text(x, y, parts, name, anchor = "middle") {
    const made = drawn("text", { x, y, class: `${name} ${anchor}` });
    for (const part of parts) {
      const piece = drawn("tspan", typeof part === "number" ? { "data-exact": exactly(part), ...(name === "gradient" ? { class: signOf(part) } : {}) } : {});
      piece.textContent = typeof part === "number" ? brief(part, 3).replace("-", "−") : part;
      made.append(piece);
    }
    return made;
  }
}
