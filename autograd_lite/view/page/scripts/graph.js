// The graph: its numbers, and what they become.

class Graph {
  constructor(nodes, rows) {
    this.nodes = nodes;
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
    this.uses = nodes.map(() => []); // [user, argument], in the order in which gradients arrive
    this.order = nodes.map((_, i) => i).filter((i) => nodes[i].args.length);
    for (const i of [...this.order].reverse()) {
      nodes[i].args.forEach((parent, k) => {
        if (!nodes[parent].constant) this.uses[parent].push([i, k]);
      });
    }
    this.steps = [
      ...this.order.map((node) => ({ kind: "forward", node })),
      ...(nodes[this.root].constant ? [] : [{ kind: "seed", node: this.root }]),
    ];
    this.forwardEnd = this.order.length;
    for (const i of [...this.order].reverse()) {
      nodes[i].args.forEach((parent, arg) => {
        if (!nodes[parent].constant) this.steps.push({ kind: "edge", node: i, arg, parent });
      });
    }
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

  // Gradients after so many steps, and what each step brought.
  swept({ partials }, until = this.steps.length) {
    const grad = this.nodes.map(() => 0);
    const flows = this.nodes.map((node) => node.args.map(() => null));
    let last = null;
    for (const step of this.steps.slice(this.forwardEnd, until)) {
      if (step.kind === "seed") {
        grad[step.node] = 1;
        continue;
      }
      const upstream = grad[step.node];
      const contribution = carried(upstream, partials[step.node][step.arg]);
      const before = grad[step.parent];
      grad[step.parent] = before + contribution;
      flows[step.node][step.arg] = contribution;
      last = { upstream, contribution, before, after: grad[step.parent] };
    }
    return { grad, flows, last };
  }

  // Nodes and edges on the paths from a node to the root, and the largest of these paths.
  paths(start, partials, many = 12) {
    const reach = this.nodes.map(() => -1); // the largest |product| on the way to the root
    const count = this.nodes.map(() => 0n);
    const sum = this.nodes.map(() => 0);
    reach[this.root] = 1;
    count[this.root] = 1n;
    sum[this.root] = 1;
    const size = (x) => (x === x ? fabs(x) : Infinity);
    for (const i of [...this.order].reverse()) {
      if (!count[i]) continue;
      this.nodes[i].args.forEach((parent, k) => {
        if (this.nodes[parent].constant) return;
        count[parent] += count[i];
        sum[parent] += carried(sum[i], partials[i][k]);
        reach[parent] = Math.max(reach[parent], size(carried(reach[i], size(partials[i][k]))));
      });
    }
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
    return { nodes, edges, found, count: count[start], sum: count[start] ? sum[start] : 0 };
  }
}

// Zero carries nothing, not even against inf or nan.
function carried(x, y) {
  const product = x * y;
  return product === product ? product : x === 0 || y === 0 ? 0 : product;
}
