/* The Python that makes the same graphs. */

const BINDS = { Add: 1, Sub: 1, Mult: 2, Div: 2, Mod: 2, FloorDiv: 2, USub: 3, Pow: 4 };
const SIGNS = Object.fromEntries(Object.entries(SYNTAX).map(([sign, kind]) => [kind, sign]));

class InPython {
  constructor(slots, numbers, table) {
    this.functions = table.functions;
    this.kinds = new Map(Object.entries(table.operators).map(([kind, { name }]) => [name, kind]));
    this.names = new Set(slots.flatMap(({ variables }) => [...variables.keys()]));
    this.taken = new Set(this.names);
    this.ag = this.names.has("ag") ? "autograd_lite" : "ag";
    this.lines = [this.ag === "ag" ? "import autograd_lite as ag" : "import autograd_lite", ""];
    for (const name of this.names) this.lines.push(`${name} = ${this.ag}.Value(${this.number(numbers.of(name))}, label=${JSON.stringify(name)})`);
    const roots = slots.map((slot) => this.graph(slot));
    for (const root of roots) this.lines.push(`${root}.backward()`);
    this.lines.push(...roots.map((root) => `${this.ag}.draw(${root})`), "");
  }

  get text() {
    return this.lines.join("\n");
  }

  number(x) {
    return x - x === 0 ? exactly(x) : `float("${exactly(x)}")`;
  }

  free(wanted) {
    let name = wanted;
    for (let k = 2; this.taken.has(name); k++) name = `${wanted}_${k}`;
    this.taken.add(name);
    return name;
  }

  /* A statement for what is used twice or has a name, and for the output. */
  graph({ nodes, letter }) {
    const uses = nodes.map(() => 0);
    for (const { args } of nodes) for (const k of args) uses[k]++;
    const written = [];
    let root;
    nodes.forEach((node, i) => {
      const { args, label, constant, leaf, inText } = node;
      if (constant) written[i] = { text: this.number(node.data), binds: node.data < 0 ? BINDS.USub : 9 };
      else if (leaf) written[i] = { text: (!inText && label) || `${this.ag}.Value(${this.number(node.data)})`, binds: 9 };
      else written[i] = this.call(node, args.map((k) => written[k]));
      const isMade = args.length || inText;
      if (!node.root && !(isMade && (uses[i] > 1 || label))) return;
      const name = this.free(label || (node.root ? letter : node.name));
      this.lines.push(`${name} = ${written[i].text}`);
      if (label && isMade) this.lines.push(`${name}.label = ${JSON.stringify(label)}`);
      written[i] = { text: name, binds: 9 };
      root = name;
    });
    return root;
  }

  call({ entry, fixed }, args) {
    const kind = this.kinds.get(entry.name);
    const binds = BINDS[kind];
    const within = ({ text, binds: inner }, least) => (inner < least ? `(${text})` : text);
    if (kind === "USub") return { text: `-${within(args[0], binds)}`, binds };
    if (kind === "Pow") return { text: `${within(args[0], binds + 1)}**${within(args[1], BINDS.USub)}`, binds };
    if (kind) return { text: `${within(args[0], binds)} ${SIGNS[kind]} ${within(args[1], binds + 1)}`, binds };
    const texts = args.map(({ text }) => text);
    const length = entry.vectors ? (texts.length - entry.scalars.length) / entry.vectors : 0;
    const lists = Array.from({ length: entry.vectors }, (_, k) => `[${texts.slice(k * length, (k + 1) * length).join(", ")}]`);
    const all = [...lists, ...texts.slice(entry.vectors * length), ...fixed.map((x) => this.number(x))];
    /* an op that is only a part of others has no name in Python */
    const name = entry.name in this.functions ? entry.name : `ops.TABLE[${JSON.stringify(entry.name)}]`;
    return { text: `${this.ag}.${name}(${all.join(", ")})`, binds: 9 };
  }
}
