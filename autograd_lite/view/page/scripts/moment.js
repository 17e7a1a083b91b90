// The equation of the moment, in words and numbers.

const MOST_MEASURED = 300;

class Moment {
  constructor(graph, wording) {
    Object.assign(this, { graph, wording });
    this.element = el("div", { class: "moment", role: "status" });
  }

  get text() {
    return this.element.textContent;
  }

  // Finds the steps of the player of which most is said, of a long one some of them.
  longest() {
    const { graph } = this;
    const stride = Math.ceil(graph.steps.length / MOST_MEASURED);
    const lengths = [];
    for (let position = graph.steps.length; position > 0; position -= stride) {
      const { last } = graph.adjoints(graph.recorded, position);
      this.tell(position, graph.recorded, last);
      lengths.push([this.text.length, [...this.element.childNodes]]);
    }
    this.long = lengths.sort((a, b) => b[0] - a[0]).slice(0, 5).map(([, nodes]) => nodes);
  }

  // Makes room for the longest of them, so that nothing moves while one steps.
  reserve() {
    const { element } = this;
    if (!this.long || !element.clientWidth || element.clientWidth === this.measured) return;
    this.measured = element.clientWidth;
    const now = [...element.childNodes];
    element.style.minHeight = "";
    const heights = this.long.map((nodes) => {
      element.replaceChildren(...nodes);
      return element.getBoundingClientRect().height;
    });
    element.replaceChildren(...now);
    element.style.minHeight = `${Math.ceil(Math.max(...heights))}px`;
  }

  say(phase, formula, ...words) {
    this.element.replaceChildren(el("p", { class: "phase" }, phase), el("p", { class: "formula" }, ...formula), el("p", { class: "words" }, ...words));
  }

  remark(caption, remarks) {
    this.element.replaceChildren(el("p", { class: "phase" }, caption), ...remarks.map((said) => el("p", { class: "words" }, said)));
  }

  // What the player's last step did; it returns the boxes and edges that took part, and where to look.
  tell(position, numbers, last, predicting = false) {
    const { graph, wording } = this;
    if (position === null) {
      this.say("All numbers at once", [wording.made(graph.root, numbers)], `Play goes forward through the ops, then back along the edges to every gradient. Point at a box for its numbers, click it for its paths${graph.rows ? ", drag the number of a leaf to see what would be" : ""}.`);
      return { boxes: [], edges: [] };
    }
    const step = graph.steps[position - 1];
    if (!step) {
      this.say(PHRASES.start, [PHRASES.leaves], PHRASES.nothing);
      return { boxes: [], edges: [] };
    }
    return this[step.kind](step, position, numbers, last, predicting);
  }

  forward({ node }, position, numbers, last, predicting) {
    const { graph, wording } = this;
    const { partials } = numbers;
    const { args } = graph.nodes[node];
    const kept = args.flatMap((p, k) => (graph.nodes[p].constant ? [] : [`${wording.fraction(node, k)} = ${brief(partials[node][k])}`]));
    const more = kept.length > 6 ? `, and ${kept.length - 6} more` : "";
    this.say(phrase("forward", { n: position, all: graph.forwardEnd }), [wording.made(node, numbers)], predicting ? "" : kept.length ? `Noted for the way back: ${kept.slice(0, 6).join(", ")}${more}.` : "It depends on constants alone, so no gradient flows through it.");
    return { boxes: [node], edges: args.map((_, k) => [node, k]), place: node };
  }

  seed({ node }) {
    const name = this.wording.name(node);
    if (this.graph.seed !== 1) {
      this.say(PHRASES.seed, [phrase("one", { name, seed: brief(this.graph.seed) })], "It comes from what follows in the network. Every other gradient starts at 0, and each edge will add its part.");
      return { boxes: [node], edges: [], place: node };
    }
    this.say(PHRASES.seed, [phrase("one", { name, seed: "1" })], `The output changes as fast as itself: ∂${name}/∂${name} = 1. Every other gradient starts at 0, and each edge will add its part.`);
    return { boxes: [node], edges: [], place: node };
  }

  edge({ node, arg, parent }, position, numbers, { upstream, contribution, before, after }) {
    const { graph, wording } = this;
    const { name } = wording;
    const uses = graph.uses[parent];
    const turn = uses.findIndex(([user, k]) => user === node && k === arg) + 1;
    const formula = [
      term(signed(upstream), `gradient of ${name(node)}`), el("span", { class: "sign" }, "×"),
      term(signed(numbers.partials[node][arg]), wording.fraction(node, arg)), el("span", { class: "sign" }, "="),
      term(signed(contribution), phrase("goes", { name: name(parent) })),
    ];
    const sum = el("b", { class: "sum" }, phrase("sum", { name: name(parent), before: brief(before), part: brief(contribution), after: brief(after) }).replace("+ -", "− "));
    const times = uses.length === 1
      ? ` ${name(parent)} is used once, so this is its whole gradient.`
      : ` ${name(parent)} is used ${uses.length} times, and this is use ${turn}. A small change of ${name(parent)} goes along each of them at once, and what comes of it in ${name(graph.root)} adds up: so the parts of its gradient add up${turn === uses.length ? ", and now it is complete" : ""}.`;
    const local = wording.partial(node, arg, numbers);
    this.say(phrase("edge", { n: position - graph.forwardEnd - 1, all: graph.edges.length }), formula, sum, times, el("span", { class: "local" }, `Partial derivative: ${local}`));
    return { boxes: [node, parent], edges: [[node, arg]], place: parent };
  }

  // What the gradient foretold of the changes to some leaves, and what came of them.
  foretell(changed, numbers) {
    const { graph, wording } = this;
    const { root } = graph;
    // of a stale graph what was recorded does not belong to the numbers that leaves have now
    const base = (this.base ??= graph.stale ? graph.evaluated(new Map()) : graph.recorded);
    const grad = (this.gradient ??= graph.adjoints(base).grad);
    const [before, after] = [base.data[root], numbers.data[root]];
    let told = 0;
    const parts = [...changed].map(([leaf, x]) => {
      const change = x - base.data[leaf];
      told += grad[leaf] * change;
      return `${brief(grad[leaf])} × ${brief(change)}`;
    });
    const what = [...changed].map(([leaf, x]) => `${wording.name(leaf)}: ${brief(base.data[leaf])} → ${brief(x)}`);
    this.say("What if", [`${what.join(", ")}; ${wording.name(root)}: ${brief(before)} → ${brief(after)}`], `The ${graph.stale ? "gradient at the numbers of now" : "recorded gradient"} alone would predict a change of ${equation(parts.join(" + "), brief(told))}; ${wording.name(root)} really changed by ${brief(after - before)}.`);
  }
}
