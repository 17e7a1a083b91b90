/* Building a graph: a tree → nodes as the page of a graph takes them, with numbers by the table's rules. */

/* Of texts the nearest to one, by the letters that they share. */
function nearest(wanted, names) {
  const pairs = (text) => [...`^${text.toLowerCase()}$`].map((c, i, all) => c + (all[i + 1] ?? ""));
  const mine = new Set(pairs(wanted));
  const score = (name) => (2 * pairs(name).filter((pair) => mine.has(pair)).length) / (mine.size + name.length + 1);
  return [...names].sort((a, b) => score(b) - score(a)).slice(0, 3);
}

/* A number as it is written in an equation. */
const inText = (x) => (Number.isInteger(x) && fabs(x) < 1e9 ? String(x) : brief(x, 6));

class Building {
  /* `table`: {rows, functions, operators, constants}; `numbers`: of the variables, by name. */
  constructor(table, numbers, words) {
    Object.assign(this, { table, numbers, words, nodes: [], rows: [...table.rows], leaves: new Map(), named: new Map() });
  }

  /* The node of a statement list's last formula; a number alone becomes a leaf. */
  build(statements) {
    let result;
    statements.forEach(({ name, tree }, k) => {
      if (name && (this.leaves.has(name) || this.named.has(name))) throw new Unreadable(this.leaves.has(name) ? `${name} has been used above as a variable; give this another name` : `${name} has a meaning already; give this another name`, statements[k].at, statements[k].at + name.length);
      result = this.value(tree);
      if (Array.isArray(result)) throw new Unreadable(this.words.list, tree.at, tree.end);
      // a number with a name is a leaf, as in Python, and no variable: its number stands in the text
      if (name && typeof result === "number") result = this.add({ label: name, data: result, leaf: true, inText: true });
      else if (name) {
        const node = this.nodes[result.node];
        if (node.args.length && !node.label) node.label = name;
      }
      if (name) this.named.set(name, result);
    });
    if (typeof result === "number") result = this.leaf("", result);
    return result.node;
  }

  add(node) {
    this.nodes.push({ label: "", op: "", symbol: "", args: [], constant: false, leaf: false, row: null, ...node });
    return { node: this.nodes.length - 1 };
  }

  leaf(label, data) {
    return this.add({ label, data, leaf: true });
  }

  value(tree) {
    if (tree.kind === "number") return tree.value;
    if (tree.kind === "name") return this.variable(tree);
    const args = tree.args.map((part) => this.value(part));
    if (tree.kind === "list") return args;
    const { operators, functions } = this.table;
    const entry = tree.kind === "op" ? operators[tree.sign] : Object.hasOwn(functions, tree.name) && functions[tree.name];
    if (tree.sign === "UAdd") return args[0];
    if (!entry) this.unknown(tree);
    if (entry.recorded) return this.again(entry, args, tree);
    return this.apply(entry, args, tree);
  }

  variable({ name, at, end }) {
    if (this.named.has(name)) return this.named.get(name);
    if (this.leaves.has(name)) return this.leaves.get(name);
    const { constants, functions } = this.table;
    const isGiven = Object.hasOwn(this.numbers.given, name);
    if (Object.hasOwn(constants, name) && !isGiven) return constants[name];
    if (Object.hasOwn(functions, name) && !isGiven) throw new Unreadable(this.words.function.replaceAll("{}", name), at, end);
    this.leaves.set(name, this.leaf(name, this.numbers.of(name)));
    return this.leaves.get(name);
  }

  unknown({ name, at }) {
    const [first, second, third] = nearest(name, Object.keys(this.table.functions));
    throw new Unreadable(`there is no function ${name}; did you mean ${first}, ${second} or ${third}?`, at, at + name.length);
  }

  /* An op at its arguments: on numbers alone a number, else a node. */
  apply(entry, given, tree) {
    const fail = (said) => { throw new Unreadable(said, tree.at, tree.end); };
    const { vectors, scalars, attrs, name, listed } = entry;
    const count = (entry.vectors || entry.arity) + scalars.length;
    const most = count + attrs.length;
    if (vectors === 1 && given.length > 1 && !Array.isArray(given[0])) fail(listed[Math.min(given.length, listed.length - 1)]);
    if (given.length < (vectors || count) || given.length > most) fail(`${name} takes ${entry.signature} and was given ${given.length} ${given.length === 1 ? "argument" : "arguments"}`);
    const fixed = given.slice(count);
    if (fixed.some((x) => typeof x !== "number")) fail(`${attrs.map((each) => each.name).join(", ")} of ${name} is fixed: give a plain number`);
    const lists = given.slice(0, vectors);
    if (lists.some((list) => !Array.isArray(list))) fail(`${name} takes a list; write ${name}([a, b${vectors > 1 ? "], [x, y" : ""}])`);
    if (given.slice(vectors).some(Array.isArray)) fail(this.words.noList);
    if (lists.some((list) => list.length !== lists[0].length)) fail(`${name} takes lists of equal length and was given ${lists.map((list) => list.length).join(" and ")}`);
    if (vectors && !lists[0].length && !entry.empty) fail(`${name} of no numbers is undefined; give it at least one`);
    const rest = scalars.map((usual, i) => given[vectors + i] ?? usual);
    const args = vectors ? [...lists.flat(), ...rest] : given.slice(0, count);
    if (args.some(Array.isArray)) fail(this.words.noList);
    const row = this.row(entry, fixed, fail);
    return this.made(entry, args, row, fixed);
  }

  /* What an op is at its arguments: of numbers alone a number. */
  made(entry, args, row = entry.row, fixed = []) {
    return args.every((x) => typeof x === "number") ? this.number(this.rows[row], args) : this.record(entry, row, args, fixed);
  }

  /* A function that is no op, at a list: the ops that Python recorded for as many numbers. */
  again({ name, recorded }, args, tree) {
    const fail = (said) => { throw new Unreadable(said, tree.at, tree.end); };
    const [list] = args;
    if (args.length !== 1 || !Array.isArray(list)) fail(`${name} takes a list; write ${name}([a, b])`);
    if (list.some(Array.isArray)) fail(this.words.noList);
    if (!list.length) fail(`${name} of no numbers is undefined; give it at least one`);
    return this.replayed(recorded[list.length - 1] ?? fail(`${name} of more than ${recorded.length} numbers is read in Python alone`), list);
  }

  /* The results of ops that Python recorded, at other arguments. */
  replayed(found, list) {
    const values = [];
    for (const node of found.nodes) {
      if (typeof node === "number") values.push(list[node]);
      else if (typeof node === "string") values.push(number(node));
      else values.push(this.made(this.table.entries[node[0]], node.slice(1).map((k) => values[k])));
    }
    return found.results.map((k) => values[k]);
  }

  /* Another row where the attributes are not the usual ones. */
  row({ row, attrs, name }, fixed, fail) {
    if (!fixed.length) return row;
    attrs.forEach(({ name: attr, low, high }, i) => {
      if (i < fixed.length && low !== null && !(fixed[i] >= low && fixed[i] <= high)) fail(`${name} takes ${attr} from ${low} to ${high} and was given ${fixed[i]}`);
    });
    this.rows.push({ ...this.rows[row], attrs: attrs.map(({ value }, i) => fixed[i] ?? value) });
    return this.rows.length - 1;
  }

  number(row, args) {
    const nodes = [...args.map((data) => ({ data, constant: true, args: [], partials: [] })), { row: 0, args: args.map((_, i) => i), data: 0, root: true, partials: args.map(() => 0), grad: 0 }];
    return new Graph(nodes, [row]).evaluated(new Map()).data[args.length];
  }

  record(entry, row, values, fixed) {
    const args = values.map((x) => (typeof x === "number" ? this.add({ data: x, constant: true }).node : x.node));
    const last = this.nodes[args.at(-1)];
    const symbol = entry.symbolConstant && last.constant ? entry.symbolConstant.replace("{}", brief(last.data, 6)) : entry.symbol;
    return this.add({ op: entry.name, entry, symbol, row, args, fixed });
  }
}

/* The nodes that a root is computed from, each after its arguments, depth first from the left as in the engines. */
function ordered(nodes, root) {
  const order = [];
  const seen = new Set();
  const stack = [root];
  while (stack.length) {
    const i = stack.pop();
    if (i < 0) order.push(~i);
    else if (!seen.has(i)) {
      seen.add(i);
      if (nodes[i].args.length) stack.push(~i, ...[...nodes[i].args].reverse());
      else order.push(i);
    }
  }
  const place = new Map(order.map((i, k) => [i, k]));
  return order.map((i) => ({ ...nodes[i], args: nodes[i].args.map((k) => place.get(k)), root: i === root }));
}
