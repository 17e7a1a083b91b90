// Predict before you see, layer by layer: of each layer one neuron is asked for, the one that the player tells of.

const MOST_TERMS = 5;

class NetworkQuestions {
  constructor(page) {
    Object.assign(this, { page, graph: page.passes });
    this.first = "First forwards: a neuron of each layer. Then backwards: what its gradient brings to a weight, and to the layer before. ";
  }

  of(position) {
    const step = this.graph.steps[position];
    if (!step || !this[step.kind]) return [];
    const one = this.page.networks[step.which];
    const k = one.sample ?? 0;
    return this[step.kind](step.layer, one, k, one.samples.each[k]).map((asked) => ({ ...asked, at: { ...asked.at, which: step.which } }));
  }

  get any() {
    return this.graph.steps.some((_, k) => this.of(k).length > 0);
  }

  // How many are asked before each step, and in the end.
  before() {
    const counts = [0];
    this.graph.steps.forEach((_, k) => counts.push(counts[k] + this.of(k).length));
    return counts;
  }

  // Terms of a weighted sum, of which the first are written out.
  sum(terms, bias, result) {
    const shown = terms.slice(0, MOST_TERMS);
    const rest = terms.slice(MOST_TERMS).reduce((sum, [w, x]) => sum + w * x, 0);
    const more = terms.length - shown.length;
    const written = (parts) => [...parts, ...(more > 0 ? [`${brief(rest)} (${more} more)`] : []), brief(bias)].join(" + ").replaceAll("+ -", "− ");
    const products = written(shown.map(([w, x]) => brief(w * x)));
    return {
      kind: "forward: a weighted sum", truths: [result, shown.reduce((sum, [w, x]) => sum + asShown(w) * asShown(x), asShown(rest) + asShown(bias))],
      text: written(shown.map(([w, x]) => inNumbers(["", 0, " × ", 1], [w, x]))),
      hint: (x, tries) => {
        const said = near(x, -result) ? "The size is right, the sign is not. " : near(x, result - bias) && bias ? "The bias is missing. " : "";
        return tries > 1 ? `${said}The products, and the bias at the end: ${products} = …` : said || "Each weight times what comes through it; then all are added, and the bias.";
      },
    };
  }

  forward(layer, { tour, samples }, k, { activations, nodes }) {
    const { weights, biases } = samples.recorded;
    const { name, activation } = tour.shape.layers[layer];
    const out = activations[layer + 1];
    const j = tour.largest(out);
    const inner = activation ? nodes[layer][j][0] : out[j];
    const terms = weights[layer][j].map((w, i) => [w, activations[layer][i]]);
    const bias = biases[layer][j];
    const plain = terms.reduce((sum, [w, x]) => sum + w * x, bias);
    if (!near(inner, plain) || (activation && samples.inner[layer] < 2)) return []; // nobody knows what it was computed from
    const [sum, neuron] = [activation ? `sum of neuron ${j}` : `neuron ${j}`, `${tour.place}${name} · neuron ${j}`];
    const asked = this.sum(terms, bias, inner);
    const at = { layer, neuron: j };
    const first = {
      ...asked, at,
      formula: (_, answer = blank()) => [`${sum} = ${asked.text} =`, answer],
      words: () => `${neuron} adds its weights, each times what comes through it, and its bias. Which number is that?`,
      told: `${sum} = ${brief(inner)}.`,
    };
    if (!activation) return [first];
    return [first, {
      kind: `forward: ${activation} of a sum`, at,
      truths: [out[j]],
      formula: (_, answer = blank()) => [`neuron ${j} = ${activation}(${brief(inner)}) =`, answer],
      words: () => `The activation makes the output of ${neuron} of that sum. Which number does it hand on?`,
      hint: (x, tries) => (near(x, -out[j]) ? "The size is right, the sign is not." : near(x, inner) ? `That is the sum; its ${activation} is asked.` : (tries > 1 && this.around(samples, layer, j, k, inner)) || `Take the ${activation} of ${brief(inner)}; a pocket calculator helps.`),
      told: `${activation}(${brief(inner)}) = ${brief(out[j])}.`,
    }];
  }

  // The activation at rounder numbers, if it is one op.
  around(samples, layer, j, k, inner) {
    const { nodes } = samples.neuron(layer, j, k, this.page.rows) ?? {};
    if (samples.inner[layer] !== 2 || !nodes) return "";
    const graph = new Graph(nodes, this.page.rows);
    const low = Math.floor(inner * 10) / 10;
    return `${[low, low + 0.1].map((x) => `${samples.network.shape.layers[layer].activation}(${brief(x)}) = ${brief(...graph.forward(nodes.length - 1, [x]))}`).join(", and ")}: it lies between them.`;
  }

  // A gradient times a partial derivative.
  product(kind, upstream, from, partial, by, to, words, { given, local = brief(partial) } = {}) {
    const result = carried(upstream, partial);
    return {
      kind, truths: [result, asShown(upstream) * asShown(partial)],
      formula: (_, answer = blank()) => [term(signed(upstream), `gradient of ${from}`), between("×"), term(given ? signed(partial) : "…", by), between("="), term(answer, `goes to ${to}`)],
      words: () => words,
      hint: (x, tries) => {
        const said = near(x, -result) ? "The size is right, the sign is not. " : near(x, partial) ? `That is the partial derivative alone; the gradient of ${from} belongs to it. ` : near(x, upstream) ? `That is the gradient of ${from} alone. ` : "";
        return tries > 1 ? `${said}The gradient of ${from} is ${brief(upstream)}, and ${by} is ${local}.` : said || `Two numbers are multiplied: the gradient of ${from}, and ${by}.`;
      },
      told: `${equation(inNumbers(["", 0, " × ", 1], [upstream, partial]), brief(result))}.`,
    };
  }

  back(layer, { tour, samples }, k, { activations, adjoints }) {
    const { page } = this;
    const { weights } = samples.recorded;
    const { name, activation } = tour.shape.layers[layer];
    const inner = weights[layer].map((_, j) => tour.atSum(layer, j, k, page.rows));
    if (inner.includes(null)) return []; // of rules that are not on the page
    const j = tour.largest(inner);
    const i = tour.largest(activations[layer]);
    const sum = activation ? `the sum of neuron ${j}` : `neuron ${j}`;
    const asked = [];
    const { nodes } = samples.neuron(layer, j, k, page.rows) ?? {};
    if (activation && nodes && samples.inner[layer] === 2) {
      const last = nodes.length - 1;
      const numbers = { data: nodes.map(({ data }) => data), partials: nodes.map(({ partials }) => partials), given: [] };
      numbers.given[last] = [nodes[last - 1].data];
      const local = new Wording({ nodes }).partial(last, 0, numbers).split(" = ").slice(1, -1).join(" = ") || undefined;
      asked.push(this.product(`backward: through ${activation}`, adjoints[layer + 1][j], `neuron ${j}`, nodes[last].partials[0], `how fast ${activation} rises`, sum, `The gradient of ${name} · neuron ${j} goes back through its activation: times how fast ${activation} rises at the sum ${brief(nodes[last - 1].data)}, where it is ${brief(nodes[last].data)}. What comes to the sum?`, { local }));
    }
    asked.push(this.product("backward: to a weight", inner[j], sum, activations[layer][i], `what w${i} was multiplied by`, `w${i}`, `How much does this sample bring to the gradient of w${i} of ${name} · neuron ${j}? A weight is multiplied by ${layer ? `the output of ${tour.shape.layers[layer - 1].name} · neuron ${i}` : tour.shape.inputs[i]}.`));
    const all = () => asked.map((one) => ({ ...one, at: { layer, neuron: j } }));
    if (!layer) return all();
    const to = tour.largest(adjoints[layer]);
    const target = `${tour.shape.layers[layer - 1].name} · neuron ${to}`;
    const [w, after] = [weights[layer][j][to], adjoints[layer][to]];
    asked.push(this.product("backward: through a weight", inner[j], sum, w, `w${to}`, target, `Now to the layer before: what does neuron ${j} bring to ${target}, whose output is multiplied by w${to} = ${brief(w)}?`, { given: true }));
    const part = carried(inner[j], w);
    if (weights[layer].length > 1) {
      asked.push({
        kind: "backward: adding what all neurons bring",
        truths: [after, asShown(after - part) + asShown(part)],
        formula: (_, answer = blank()) => [term(signed(after - part), "the other neurons bring"), between("+"), term(signed(part), `neuron ${j} brings`), between("→"), term(answer, `gradient of ${target}`)],
        words: () => `${target} goes into all ${weights[layer].length} neurons of ${name}, so a small change of it is felt along each. What is its gradient?`,
        hint: (x) => (near(x, part) ? "That would forget what the others bring." : near(x, after - part) ? `That would forget what neuron ${j} brings.` : "The parts are added."),
        told: `${inNumbers(["", 0, " + ", 1], [after - part, part])} = ${brief(after)}.`,
      });
    }
    return all();
  }

  lessons() {
    return { sums: [], proof: [this.page.page.passed ? "Forward, each neuron needs the layer before; backward, each needs the gradients of the layer after, and those of its own sum are shared by all of its weights. That is why one pass each way is enough." : ""].filter(Boolean) };
  }
}
