// The graph: its numbers, and what they become.

class Graph {
  /* The seed is the gradient of the output: 1, or what follows gives it, where this is a part of a graph. */
  constructor(nodes, rows, seed = 1) {
    this.nodes = nodes;
    this.seed = seed;
    this.rows = rows;
    this.root = nodes.findIndex((node) => node.root);
    this.recorded = {
      data: nodes.map((node) => number(node.data)),
      grad: nodes.map((node) => number(node.grad)),
      partials: nodes.map((node) => node.partials.map(number)),
    };
    // the numbers of its arguments that the equations of a node hold with, null if nobody knows them;
    // told only where they are not those of now
    this.recorded.given = nodes.map(({ args, given }) => (given === undefined ? args.map((k) => this.recorded.data[k]) : given?.map(number) ?? null));
    this.stale = nodes.some(({ given }) => given !== undefined);
    this.order = nodes.map((_, i) => i).filter((i) => nodes[i].args.length);
    this.forwardEnd = this.order.length;
    // the edges by which gradients go to parents, in the order in which they arrive there
    this.edges = [...this.order].reverse().flatMap((node) => (
      nodes[node].args.flatMap((parent, arg) => (nodes[parent].constant ? [] : [{ kind: "edge", node, arg, parent }]))
    ));
    this.uses = nodes.map(() => []); // [user, argument]
    for (const { node, arg, parent } of this.edges) this.uses[parent].push([node, arg]);
    this.steps = [
      ...this.order.map((node) => ({ kind: "forward", node })),
      ...(nodes[this.root].constant ? [] : [{ kind: "seed", node: this.root }]),
      ...this.edges,
    ];
  }

  // Every number anew, when leaves have these.
  evaluated(changed) {
    const data = [...this.recorded.data];
    const partials = this.recorded.partials.map((row) => [...row]);
    const used = this.nodes.map(() => []);
    for (const [leaf, value] of changed) data[leaf] = value;
    for (const i of this.order) {
      const { row, args } = this.nodes[i];
      const rules = this.rows[row];
      const given = (used[i] = args.map((k) => data[k]));
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
    return { data, partials, given: used };
  }

  // The number of a node with other arguments: of a user's op nobody knows it here.
  forward(i, given) {
    const rules = this.rows?.[this.nodes[i].row];
    if (!rules) return [];
    if (!rules.vectors) return [rules.forward(...given, rules.attrs)];
    const m = (given.length - rules.scalars) / rules.vectors;
    return [rules.forward(Float64Array.from(given), m, rules.attrs, new Float64Array(rules.scratch * m))];
  }

  // Back-propagation, as in the engines: at each edge the adjoint of a node, times the partial derivative, is added
  // to that of the parent. It yields each contribution before it is added.
  *pulledBack(adjoint, partials, product = carried, add = (x, y) => x + y) {
    for (const { node, arg, parent } of this.edges) {
      if (adjoint[node] === undefined) continue; // the root does not depend on it
      const contribution = product(adjoint[node], partials[node][arg]);
      yield { node, arg, parent, contribution };
      adjoint[parent] = adjoint[parent] === undefined ? contribution : add(adjoint[parent], contribution);
    }
  }

  // Gradients after so many steps, and what each step brought.
  adjoints({ partials }, until = this.steps.length) {
    const grad = this.nodes.map(() => 0);
    const flows = this.nodes.map((node) => node.args.map(() => null));
    let last = null;
    let left = until - this.forwardEnd; // the first of them is the seed
    if (left-- > 0) grad[this.root] = this.seed;
    for (const { node, arg, parent, contribution } of this.pulledBack(grad, partials)) {
      if (left-- <= 0) break;
      const before = grad[parent];
      flows[node][arg] = contribution;
      last = { upstream: grad[node], contribution, before, after: before + contribution };
    }
    return { grad, flows, last };
  }

  // From the root down, what arrives at each node that it depends on.
  arriving(first, partials, ...rules) {
    const found = [];
    found[this.root] = first;
    for (const _ of this.pulledBack(found, partials, ...rules));
    return found;
  }

  // Nodes and edges on the paths from a node to the root, and the largest of these paths.
  paths(start, partials, many = 12) {
    const size = (x) => (x === x ? fabs(x) : Infinity);
    const count = this.arriving(1n, partials, (count) => count);
    const sum = this.arriving(1, partials);
    // the largest |product| on the way to the root
    const reach = this.arriving(1, partials, (x, partial) => size(carried(x, size(partial))), Math.max);
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
    return { nodes, edges, found, count: count[start] ?? 0n, sum: sum[start] ?? 0 };
  }
}

// Zero carries nothing, not even against inf or nan.
function carried(x, y) {
  const product = x * y;
  return product === product ? product : x === 0 || y === 0 ? 0 : product;
}
