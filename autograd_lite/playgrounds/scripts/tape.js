/* A graph that is run again and again: the sweeps of Graph, in arrays that are made once. */

class Tape {
  constructor(nodes, rows) {
    this.nodes = nodes;
    this.data = Float64Array.from(nodes, (node) => node.data ?? 0);
    this.adjoint = new Float64Array(nodes.length);
    this.steps = nodes.flatMap((node, i) => (node.args.length ? [this.step(node, i, rows[node.row])] : []));
  }

  step({ args }, i, rules) {
    const length = rules.vectors ? (args.length - rules.scalars) / rules.vectors : 0;
    const scratch = new Float64Array((rules.scratch ?? 0) * length);
    const wanted = args.map((k) => !this.nodes[k].constant);
    return { i, args, rules, length, scratch, wanted, numbers: new Float64Array(args.length), partials: new Float64Array(args.length) };
  }

  forward(last = Infinity) {
    const { data } = this;
    for (const { i, args, rules, length, scratch, numbers } of this.steps) {
      if (i > last) return;
      if (rules.vectors) {
        for (let k = 0; k < args.length; k++) numbers[k] = data[args[k]];
        data[i] = rules.forward(numbers, length, rules.attrs, scratch);
      } else {
        data[i] = rules.forward(...args.map((k) => data[k]), rules.attrs);
      }
    }
  }

  /* From a node down, which has this adjoint. */
  backward(root, seed) {
    const { data, adjoint, steps } = this;
    adjoint.fill(0);
    adjoint[root] = seed;
    for (let s = steps.length - 1; s >= 0; s--) {
      const { i, args, rules, length, scratch, wanted, numbers, partials } = steps[s];
      if (i > root) continue;
      if (rules.vectors) {
        for (let k = 0; k < args.length; k++) numbers[k] = data[args[k]];
        rules.partials(data[i], numbers, length, rules.attrs, scratch, partials);
      } else {
        const given = args.map((k) => data[k]);
        rules.partials.forEach((rule, k) => { if (wanted[k]) partials[k] = rule(data[i], ...given, rules.attrs); });
      }
      for (let k = 0; k < args.length; k++) if (wanted[k]) adjoint[args[k]] += carried(adjoint[i], partials[k]);
    }
  }
}
