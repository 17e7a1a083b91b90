// A pass through a network, layer by layer: what the player does, and what is said of it.

class Tour {
  constructor(samples, hasRest) {
    const { layers } = samples.network.shape;
    this.samples = samples;
    this.shape = samples.network.shape;
    const order = layers.map((_, layer) => layer);
    const back = samples.passed ? [{ kind: "start" }, ...order.reverse().map((layer) => ({ kind: "back", layer }))] : [];
    this.steps = [...layers.map((_, layer) => ({ kind: "forward", layer })), ...(hasRest ? [{ kind: "rest" }] : []), ...back];
    this.forwardEnd = layers.length + (hasRest ? 1 : 0);
  }

  // The moment after so many steps, for Network.mark.
  moment(position) {
    if (position === null) return null;
    const step = this.steps[position - 1];
    if (!step) return { now: 0, back: false };
    const last = this.shape.layers.length;
    if (step.kind === "forward") return { now: step.layer + 1, back: false };
    return step.kind === "rest" ? { now: last + 1, back: false } : { now: step.kind === "start" ? last : step.layer, back: true };
  }

  // Phase, formula and words of a step at a sample.
  told(position, k, rows) {
    const step = this.steps[position - 1];
    if (!step) return ["Start", ["The inputs have their numbers."], "Nothing else is computed yet."];
    return this[step.kind](step, this.samples.at(k), k, rows);
  }

  // An equation of at most so many terms, with what is left out counted.
  sum(terms, most = 4) {
    const shown = terms.slice(0, most).map(([a, b]) => `${brief(a)} × ${brief(b)}`);
    const more = terms.length - shown.length;
    return [...shown, ...(more > 0 ? [`… ${more} more`] : [])].join(" + ").replaceAll("+ -", "− ");
  }

  // The neuron with the largest number in a column, which stands for all.
  largest(numbers) {
    return numbers.reduce((best, x, j) => (fabs(x) > fabs(numbers[best]) ? j : best), 0);
  }

  forward({ layer }, { activations }) {
    const { weights, biases } = this.samples.recorded;
    const { name, activation, size } = this.shape.layers[layer];
    const j = this.largest(activations[layer + 1]);
    const terms = weights[layer][j].map((w, i) => [w, activations[layer][i]]);
    const inside = `${this.sum(terms)} + ${brief(biases[layer][j])}`.replaceAll("+ -", "− ");
    const result = brief(activations[layer + 1][j]);
    const before = `${terms.length} ${layer ? `outputs of ${this.shape.layers[layer - 1].name}` : terms.length > 1 ? "inputs" : "input"}`;
    return [
      `Forward, ${name}: ${layer + 1} of ${this.shape.layers.length}`,
      [`neuron ${j} = ${activation ? `${activation}(${inside})` : inside} = ${result}`],
      `${size > 1 ? `Each of its ${size} neurons` : "Its neuron"} takes the ${before} times its weights, adds its bias${activation ? `, and hands on the ${activation} of that sum` : ", and hands on the sum"}.${size > 1 ? " All of them at once: none needs another of its layer." : ""}`,
    ];
  }

  rest() {
    return ["Forward, what follows", ["The outputs go into the rest of the graph."], "It is drawn below: a click on it opens it, with a player of its own."];
  }

  start(_, { adjoints }) {
    const [j] = [this.largest(adjoints.at(-1))];
    return [
      "Backward, the outputs",
      [`grad of ${this.shape.layers.at(-1).name} · neuron ${j} = ${brief(adjoints.at(-1)[j])}`],
      "What follows says how the end changes with each output: this is the gradient with which the way back begins.",
    ];
  }

  back({ layer }, { adjoints, activations }, k, rows) {
    const { weights } = this.samples.recorded;
    const { name, size } = this.shape.layers[layer];
    const inner = weights[layer].map((_, j) => this.atSum(layer, j, k, rows));
    const j = this.largest(inner.map((x) => x ?? 0));
    const i = this.largest(activations[layer]);
    const part = inner[j] === null ? [] : [`grad of ${name} · neuron ${j} · w${i} = ${brief(inner[j])} × ${brief(activations[layer][i])} = ${brief(carried(inner[j], activations[layer][i]))}`];
    const first = layer && inner.every((x) => x !== null);
    const to = first ? this.largest(adjoints[layer]) : 0;
    const terms = first ? inner.map((x, n) => [x, weights[layer][n][to]]) : [];
    const total = terms.reduce((sum, [a, b]) => sum + carried(a, b), 0);
    const whole = first && fabs(total - adjoints[layer][to]) <= 1e-6 * fabs(total) + 1e-12;
    const down = first ? ` To ${this.shape.layers[layer - 1].name} · neuron ${to} goes ${this.sum(terms)} = ${brief(total)}: each way to the end adds its part${whole ? "" : `, and with what comes from elsewhere it is ${brief(adjoints[layer][to])}`}.` : "";
    return [
      `Backward, ${name}`, part,
      `The gradient of ${size > 1 ? "each sum" : "the sum"}, times what a weight was multiplied by, is this sample's part of the weight's gradient.${down}`,
    ];
  }

  // The gradient of a neuron's weighted sum; null if its rules are not on the page.
  atSum(layer, j, k, rows) {
    if (!this.shape.layers[layer].activation) return this.samples.each[k].adjoints[layer + 1][j];
    const found = this.samples.neuron(layer, j, k, rows);
    return found && found.nodes[found.nodes.length - this.samples.inner[layer]].grad;
  }
}
