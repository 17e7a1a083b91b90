// One forward and backward pass through a hidden layer, told step by step as the page is scrolled. Every number and every
// equation is the graph's own.

const RATE = 0.1;

class Story {
  constructor(graph, host, lesson) {
    Object.assign(this, { graph, host, lesson, wording: new Wording(graph), at: 0 });
    this.index = Object.fromEntries(graph.nodes.map(({ name }, i) => [name, i]));
    this.inputs = new Set(["x1", "x2", "target"].map((name) => this.index[name]));
    // nobody moves the data, so gradients that go to them are left out
    this.positions = graph.steps.flatMap(({ kind, parent }, i) => (kind === "edge" && this.inputs.has(parent) ? [] : [i + 1]));
    this.picture = new HiddenPicture(this.index);
    this.count = el("span", {});
    const step = (label, d, by) => button(label, icon(ICONS[d]), () => this.go(this.at + by));
    const stage = el("div", { class: "stage" }, this.picture.element, el("div", { class: "steps" }, step("Step back", "back", -1), this.count, step("Step on", "forward", 1)));
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
    const { graph, numbers } = this;
    const last = at === this.items.length - 1;
    const position = at === 0 ? 0 : last ? graph.steps.length : this.positions[at - 1];
    const done = graph.steps.slice(0, position);
    const back = position > graph.forwardEnd;
    const { boxes = [], edges = [] } = at && !last ? this.parts[at - 1] : {};
    const used = back ? [] : edges.map(([node, k]) => graph.nodes[node].args[k]);
    this.picture.show({
      numbers, back,
      computed: new Set(graph.nodes.flatMap(({ args }, i) => (!args.length || done.some(({ kind, node }) => kind === "forward" && node === i) ? [i] : []))),
      grad: graph.adjoints(numbers, position).grad,
      arrived: new Set(done.flatMap(({ kind, parent }) => (kind === "edge" ? [parent] : []))),
      touched: new Set([...boxes, ...used].map((i) => graph.nodes[i].name)),
    });
    this.items.forEach((item, k) => item.classList.toggle("now", k === at));
    this.count.textContent = `${at} of ${this.items.length - 1}`;
    const says = this.items[at].querySelector(".formula")?.textContent ?? this.items[at].textContent;
    this.picture.element.setAttribute("aria-label", `A network of two inputs, two hidden neurons and one output. Step ${at}: ${says}`);
  }
}
