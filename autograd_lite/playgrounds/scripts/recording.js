/* A graph that was built here, as the page of a graph takes one: names, formulas, numbers, boxes. */

const BRACKETS_LESS = /(^|[([,] ?)$/;

/* A template of the table at the arguments of a node: a constant is written as its number. */
function worded(template, places, nodes) {
  const parts = [];
  for (const part of template ?? []) {
    const i = typeof part === "number" ? places[part] : null;
    if (i !== null && !nodes[i].constant) {
      parts.push(i);
      continue;
    }
    let text = i === null ? part : inText(nodes[i].data);
    const before = parts.at(-1);
    if (i !== null && text.startsWith("-") && !BRACKETS_LESS.test(typeof before === "string" ? before : before === undefined ? "" : " ")) text = `(${text})`;
    if (typeof before === "string") parts[parts.length - 1] += text;
    else parts.push(text);
  }
  return template && parts;
}

/* The formulas of a node: those that the table has for so many arguments, or for a usual last one. */
function wordingOf(nodes, i) {
  const { entry, args, fixed } = nodes[i];
  const last = nodes[args.at(-1)];
  const attrs = entry.attrs.map(({ name, value }, k) => [`${name}=${inText(value)}`, `${name}=${inText(fixed[k] ?? value)}`]);
  const found = (last.constant && entry.written[`${args.length},${inText(last.data)}`]) || entry.written[args.length];
  if (!found || fixed.length) {
    // in the order of the groups: vectors, then single numbers
    const vectors = entry.vectors;
    const length = vectors ? (args.length - entry.scalars.length) / vectors : 0;
    const lists = Array.from({ length: vectors }, (_, k) => ["[", ...args.slice(k * length, (k + 1) * length).flatMap((_, j) => [j ? ", " : "", k * length + j]), "]"]);
    const single = args.map((_, k) => k).slice(vectors * length).map((k) => [k]);
    const parts = [...lists, ...single].flatMap((part, k) => (k ? [", ", ...part] : part));
    const call = [`${entry.name}(`, ...parts, ...attrs.map(([, now]) => `, ${now}`), ")"];
    return { call: worded(call, args, nodes), derivatives: args.map(() => null) };
  }
  const places = [...args, i];
  return { call: worded(found[0], places, nodes), derivatives: found[1].map((template) => worded(template, places, nodes)) };
}

/* Names as in Python: labels, v1, v2, … for the rest, and numbers for constants. */
function giveNames(nodes) {
  const taken = new Set(nodes.flatMap(({ label }) => label.match(/^v_?([0-9]+)$/)?.[1] ?? []));
  let k = 0;
  for (const node of nodes) {
    if (node.constant) node.name = inText(node.data);
    else if (node.title || node.label) node.name = node.title ?? node.label;
    else {
      do k++; while (taken.has(String(k)));
      node.name = `v${k}`;
    }
  }
}

const kindOf = (node) => (node.constant ? "constant" : !node.args.length ? (node.scope?.length ? "parameter" : "leaf") : node.root ? "output" : "value");

/* Nodes in order, finished: the numbers of leaves are known, all others follow by the rules. */
function recorded(nodes, rows) {
  giveNames(nodes);
  nodes.forEach((node, i) => {
    Object.assign(node, { line: "", call: null, derivatives: [], grad: 0, partials: node.args.map(() => 0) });
    if (node.args.length) Object.assign(node, wordingOf(nodes, i));
    node.data ??= 0;
  });
  const graph = new Graph(nodes, rows);
  const numbers = graph.evaluated(new Map());
  const { grad } = graph.adjoints(numbers);
  nodes.forEach((node, i) => Object.assign(node, { data: numbers.data[i], grad: grad[i], partials: numbers.partials[i] }));
  return nodes;
}

/* The picture of every value: the data that Python writes into a page. */
function pictured(nodes) {
  return nodes.map((node, i) => ({
    id: `n${i}`,
    kind: kindOf(node),
    symbol: node.symbol,
    label: node.label,
    scope: node.scope ?? [],
    lines: [[`data ${brief(node.data)}`, ""], ...(node.constant ? [] : [[`grad ${brief(node.grad)}`, signOf(node.grad)]])],
    arrows: node.args.map((k, a) => [k, ...(nodes[k].constant ? ["—", "zero"] : [brief(node.partials[a]), signOf(node.partials[a])])]),
    summary: null,
    opens: false,
    tint: "",
  }));
}

/* The table as it travels, with its rules in place. */
function entered(table, rows) {
  const named = (rowOf) => Object.fromEntries(Object.entries(rowOf).map(([name, row]) => [name, table.entries[row]]));
  return { ...table, rows, words: { ...table.words, ...WORDS }, functions: named(table.functions), operators: named(table.operators), neuron: named(table.neuron) };
}

/* The graph of a text, whose output is called `letter` if it has no other name. */
function built(text, table, numbers, letter = "") {
  const building = new Building(table, numbers, table.words);
  const root = building.build(new Reader(text, table.words).read());
  const { args, label } = building.nodes[root];
  if (args.length && !label && !building.leaves.has(letter)) building.nodes[root].label = letter;
  const nodes = ordered(building.nodes, root);
  for (const node of nodes) if (node.leaf && node.label && !node.inText) node.data = numbers.of(node.label);
  return { nodes: recorded(nodes, building.rows), rows: building.rows };
}
