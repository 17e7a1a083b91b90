/* A tiny network: the graph of one sample, recorded with ops of the table, and its parameters. */

class Tiny {
  /* `wanted`: {inputs, hidden: sizes, activation, init, loss: of the table's losses, seed}. */
  constructor(table, wanted) {
    Object.assign(this, { table, wanted });
    const building = (this.building = new Building(table, null, table.words));
    this.inputs = Array.from({ length: wanted.inputs }, (_, k) => building.add({ label: `x${k}`, data: 0, constant: true }));
    this.parameters = [];
    const random = generator(wanted.seed);
    const sizes = [...wanted.hidden, 1];
    let values = this.inputs;
    this.layers = sizes.map((size, layer) => {
      const activation = layer < wanted.hidden.length ? wanted.activation : "linear";
      const neurons = Array.from({ length: size }, (_, j) => this.neuron(values, layer, j, activation, random));
      values = neurons.map(({ out }) => out);
      return { neurons, activation, size };
    });
    [this.output] = values;
    this.target = building.add({ label: "t", data: 0, constant: true });
    [this.loss] = building.replayed(wanted.loss, [this.output, this.target]);
    building.nodes[this.loss.node].label = "loss";
    this.nodes = building.nodes;
    this.nodes.forEach((node, i) => { node.raw = i; });
    this.tape = new Tape(this.nodes, building.rows);
    this.gradients = new Float64Array(this.nodes.length);
    this.changes = null;
    this.passed = false;
  }

  op(entry, values) {
    return this.building.record(entry, entry.row, values, []);
  }

  neuron(values, layer, j, activation, random) {
    const { building } = this;
    const scope = ["network", `layer ${layer}`, `neuron ${j}`];
    const where = scope.slice(1).join(" · ");
    const parameter = (label, data) => {
      const made = building.add({ label, title: `${where} · ${label}`, data, leaf: true, scope });
      this.parameters.push(made.node);
      return made;
    };
    const [low, high] = BEGINNINGS[this.wanted.init]([values.length, this.wanted.hidden[layer] ?? 1]);
    const weights = values.map((_, k) => parameter(`w${k}`, rounded(low + (high - low) * random())));
    const bias = parameter("b", 0);
    const sum = this.op(this.table.neuron.sum, [...weights, ...values, bias]);
    const bend = this.table.functions[activation];
    const out = bend ? this.op(bend, [sum]) : sum;
    Object.assign(building.nodes[sum.node], { scope, title: `${where} · sum` });
    Object.assign(building.nodes[out.node], { scope, title: where });
    return { weights: weights.map(({ node }) => node), bias: bias.node, sum, out };
  }

  /* A target as the loss takes it: its names of classes, or -1 and 1. */
  targetOf({ wanted }) {
    return this.wanted.inputs === 1 ? wanted : (this.wanted.loss.classes ?? [-1, 1])[wanted];
  }

  feed(sample) {
    const { data } = this.tape;
    sample.x.forEach((x, k) => { data[this.inputs[k].node] = x; });
    data[this.target.node] = this.targetOf(sample);
  }

  predict(x) {
    const { tape, inputs, output } = this;
    x.forEach((number, k) => { tape.data[inputs[k].node] = number; });
    tape.forward(output.node);
    return tape.data[output.node];
  }

  /* Of class 1, where the output is what goes into a sigmoid; null for other losses. */
  probability(out) {
    const { table, wanted } = this;
    if (wanted.loss.classes?.[0] !== 0) return null;
    const rules = table.rows[table.neuron.chance.row];
    return rules.forward(out, rules.attrs);
  }

  /* How many points are on their side of where the output is 0; null if they have no classes. */
  rightOf(points) {
    return this.wanted.inputs === 1 ? null : points.filter(({ x, wanted }) => this.predict(x) > 0 === Boolean(wanted)).length;
  }

  lossOf(samples) {
    let total = 0;
    for (const sample of samples) {
      this.feed(sample);
      this.tape.forward();
      total += this.tape.data[this.loss.node] / samples.length;
    }
    return total;
  }

  /* Gradients of the mean loss of a batch. */
  pass(samples) {
    const { tape, gradients, parameters, loss } = this;
    gradients.fill(0);
    for (const sample of samples) {
      this.feed(sample);
      tape.forward();
      tape.backward(loss.node, 1 / samples.length);
      for (const i of parameters) gradients[i] += tape.adjoint[i];
    }
    this.passed = true;
  }

  /* Numbers in the shape of layers, as drawings take them. */
  shaped(of) {
    return {
      weights: this.layers.map(({ neurons }) => neurons.map(({ weights }) => weights.map((i) => of[i]))),
      biases: this.layers.map(({ neurons }) => neurons.map(({ bias }) => of[bias])),
    };
  }

  /* All that the drawing shows, with the activations and adjoints of one sample. */
  numbers(sample) {
    const { tape, layers, inputs } = this;
    const columns = (of) => [inputs.map(({ node }) => of[node]), ...layers.map(({ neurons }) => neurons.map(({ out }) => of[out.node]))];
    const found = { ...this.shaped(tape.data), gradients: this.passed ? this.shaped(this.gradients) : null, changes: this.changes && this.shaped(this.changes), activations: null, adjoints: null };
    if (!sample) return found;
    this.feed(sample);
    tape.forward();
    tape.backward(this.loss.node, 1);
    return { ...found, activations: columns(tape.data), adjoints: columns(tape.adjoint) };
  }

  /* The graph of one sample, for a page: all of it, or one neuron with the numbers that come in. */
  graph(sample, neuron = null) {
    this.feed(sample);
    this.tape.forward();
    const nodes = this.nodes.map((node, i) => ({ ...node, data: this.tape.data[i] }));
    if (neuron) {
      nodes[neuron.sum.node].args.forEach((k) => {
        if (nodes[k].args.length) Object.assign(nodes[k], { args: [], row: null, symbol: "", op: "", leaf: true, label: nodes[k].title, scope: [] });
      });
    }
    return ordered(nodes, neuron ? neuron.out.node : this.loss.node);
  }
}
