// A pass through a network, layer by layer: what is said of each step.

class Tour {
  // `place` names the network where there are several.
  constructor(samples, place) {
    const { layers } = samples.network.shape;
    Object.assign(this, { samples, place, shape: samples.network.shape });
    this.there = layers.map((_, layer) => ({ kind: "forward", layer }));
    this.back = samples.passed ? [{ kind: "start" }, ...layers.map((_, layer) => ({ kind: "back", layer })).reverse()] : [];
  }

  // The column that takes part in a step.
  column({ kind, layer }) {
    const last = this.shape.layers.length;
    return { forward: layer + 1, rest: last + 1, start: last, back: layer }[kind];
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
    const { place } = this;
    const { weights, biases } = this.samples.recorded;
    const { name, activation, size } = this.shape.layers[layer];
    const j = this.largest(activations[layer + 1]);
    const terms = weights[layer][j].map((w, i) => [w, activations[layer][i]]);
    const inside = `${this.sum(terms)} + ${brief(biases[layer][j])}`.replaceAll("+ -", "− ");
    const result = brief(activations[layer + 1][j]);
    const before = `${terms.length} ${layer ? `outputs of ${this.shape.layers[layer - 1].name}` : terms.length > 1 ? "inputs" : "input"}`;
    return [
      phrase("layer", { name: place + name, n: layer + 1, all: this.shape.layers.length }),
      [`neuron ${j} = ${activation ? `${activation}(${inside})` : inside} = ${result}`],
      `${size > 1 ? `Each of its ${size} neurons` : "Its neuron"} takes the ${before} times its weights, adds its bias${activation ? `, and hands on the ${activation} of that sum` : ", and hands on the sum"}.${size > 1 ? " All of them at once: none needs another of its layer." : ""}`,
    ];
  }

  rest() {
    return [PHRASES.rest, [PHRASES.around], "It is drawn below: a click on it opens it, with a player of its own."];
  }

  start(_, { adjoints }) {
    const [j] = [this.largest(adjoints.at(-1))];
    return [
      phrase("outputs", { of: this.place }),
      [`grad of ${this.shape.layers.at(-1).name} · neuron ${j} = ${brief(adjoints.at(-1)[j])}`],
      "What follows says how the end changes with each output: this is the gradient with which the way back begins.",
    ];
  }

  backward({ layer }, { adjoints, activations }, k, rows) {
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
      phrase("back", { name: this.place + name }), part,
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

// The player's steps: through one network after the other, then the rest of the graph, and back.
class Passes {
  constructor(networks, hasRest) {
    this.networks = networks;
    const of = (part) => networks.map(({ tour }, which) => tour[part].map((step) => ({ ...step, which })));
    const end = networks.length - 1;
    this.steps = [...of("there").flat(), ...(hasRest ? [{ kind: "rest", which: end }] : []), ...of("back").reverse().flat()];
    this.forwardEnd = this.steps.findIndex(({ kind }) => kind === "start");
    if (this.forwardEnd < 0) this.forwardEnd = this.steps.length;
  }

  // The moment of a network after so many steps, for Network.mark.
  moment(position, which) {
    if (position === null) return null;
    const step = this.steps[position - 1];
    if (!step) return { now: which ? -1 : 0, back: false };
    const { tour } = this.networks[which];
    const back = step.kind === "start" || step.kind === "back";
    if (which === step.which) return { now: tour.column(step), back };
    const isPast = (which < step.which) !== back;
    // of what is still to come not even the inputs are known, which may come from another
    return { now: isPast === back ? Number(back) - 1 : tour.shape.layers.length + 1, back: back && isPast };
  }

  // Phase, formula and words of a step at the samples of now.
  told(position, rows) {
    const step = this.steps[position - 1];
    if (!step) return [PHRASES.start, [PHRASES.inputs], PHRASES.waiting];
    const { tour, samples, sample } = this.networks[step.which];
    const k = sample ?? 0;
    return tour[step.kind === "back" ? "backward" : step.kind](step, samples.at(k), k, rows);
  }
}
