// The numbers of a network that travel with its page, and the graph of one neuron at one sample.

// Whether two numbers are equal but for rounding.
const alike = (x, y) => Object.is(x, y) || fabs(x - y) <= 1e-9 * Math.max(fabs(x), fabs(y), 1e-3);

class Samples {
  constructor(network, { passed, trained }) {
    const all = new Float64Array(bytesOf(network.packed).buffer);
    let at = 0;
    const take = (n) => Array.from(all.subarray(at, (at += n)));
    const { inputs, layers } = network.shape;
    const sizes = [inputs.length, ...layers.map(({ size }) => size)];
    const table = (layer) => Array.from({ length: sizes[layer + 1] }, () => take(sizes[layer]));
    const found = layers.map((_, layer) => [table(layer), take(sizes[layer + 1]), table(layer), take(sizes[layer + 1])]);
    const was = network.stepped ? layers.map((_, layer) => [table(layer), take(sizes[layer + 1])]) : found;
    const less = (now, before) => now.map((x, i) => x - before[i]);
    // the parameters that the samples were computed with: of a training those of now
    const then = trained ? found : was;
    this.recorded = { weights: then.map(([w]) => w), biases: then.map(([, b]) => b) };
    const some = found.some(([, , w, b]) => w.flat().some(Boolean) || b.some(Boolean));
    this.parameters = {
      weights: found.map(([w]) => w),
      biases: found.map(([, b]) => b),
      gradients: some ? { weights: found.map(([, , w]) => w), biases: found.map(([, , , b]) => b) } : null,
      changes: network.stepped ? { weights: was.map(([w], k) => w.map((row, j) => less(found[k][0][j], row))), biases: was.map(([, b], k) => less(found[k][1], b)) } : null,
    };
    this.network = network;
    this.passed = passed;
    this.inner = network.templates.map((nodes, layer) => (nodes ? nodes.length - 2 * sizes[layer] - 1 : 1));
    const sample = () => {
      const activations = [take(sizes[0])];
      const adjoints = [activations[0].map(() => null)];
      const nodes = layers.map((_, layer) => Array.from({ length: sizes[layer + 1] }, () => take(this.inner[layer] + 1)));
      for (const layer of nodes) {
        activations.push(layer.map((numbers) => numbers.at(-2)));
        adjoints.push(layer.map((numbers) => numbers.at(-1)));
      }
      return { activations, adjoints: passed ? adjoints : null, nodes };
    };
    this.mean = sample();
    this.each = network.samples.map(sample);
  }

  // Numbers for Network.show: of a sample by its place, or of the mean (null).
  at(k) {
    return { ...this.parameters, ...(k === null ? this.mean : this.each[k]) };
  }

  // The nodes of a neuron at a sample, for Graph, with what goes into its output from what follows.
  neuron(layer, j, k, rows) {
    const template = this.network.templates[layer];
    if (!template || !rows) return null;
    const { activations, adjoints, nodes } = this.each[k];
    const { weights, biases } = this.recorded;
    const size = activations[layer].length;
    const before = (i) => (layer ? `${this.network.shape.layers[layer - 1].name} · neuron ${i}` : this.network.shape.inputs[i]);
    const data = [...activations[layer], ...weights[layer][j], biases[layer][j], ...nodes[layer][j].slice(0, -1)];
    const made = template.map((node, i) => {
      const given = i <= 2 * size;
      const name = i < size ? before(i) : i < 2 * size ? `w${i - size}` : i === 2 * size ? "b" : i === template.length - 1 ? "output" : i === 2 * size + 1 ? "sum" : node.name;
      return { ...node, name, leaf: given, constant: false, root: i === template.length - 1, data: data[i], grad: 0, line: "", given: undefined };
    });
    const upstream = adjoints ? adjoints[layer + 1][j] : 1;
    const graph = new Graph(made, rows, upstream);
    const { partials, data: again } = graph.evaluated(new Map());
    if (again.some((x, i) => !alike(x, data[i]))) return null; // of parameters that nobody knows any more
    const { grad } = graph.adjoints({ partials });
    made.forEach((node, i) => Object.assign(node, { partials: partials[i], grad: grad[i] }));
    return { nodes: made, upstream };
  }
}
