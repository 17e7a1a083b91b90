// Formulas: a template is a list of texts and numbers of nodes.

// PHRASES are written by page.py.
const phrase = (name, parts) => PHRASES[name].replace(/{(\w+)}/g, (_, part) => parts[part]);

function inWords(template, names) {
  return template.map((part) => (typeof part === "string" ? part : names(part))).join("");
}

function inNumbers(template, data) {
  return template.map((part, i) => {
    if (typeof part === "string") return part;
    const text = brief(data[part]);
    const before = template[i - 1] ?? "";
    const after = template[i + 1] ?? "";
    const apart = /[([,] ?$/.test(before) || (!before && /^( |$)/.test(after));
    return text.startsWith("-") && !apart ? `(${text})` : text;
  }).join("");
}

// Texts with "=" between them, without repetitions.
const equation = (...texts) => texts.filter((t, i) => t && t !== texts[i - 1]).join(" = ");

const INDICES = "₀₁₂₃₄₅₆₇₈₉";

class Wording {
  constructor(graph) {
    this.graph = graph;
    this.name = (i) => graph.nodes[i].name;
  }

  made(i, numbers) {
    const { call } = this.graph.nodes[i];
    if (!call) return equation(this.name(i), brief(numbers.data[i]));
    const words = equation(this.name(i), inWords(call, this.name));
    const given = this.given(i, numbers);
    if (!given) return `${words}, recorded as ${brief(numbers.data[i])} from numbers that are not known any more`;
    return equation(words, inNumbers(call, given), brief(numbers.data[i])) + this.since(i, numbers);
  }

  // Of a node and its arguments, the numbers that its equations hold with; null if nobody knows them.
  given(i, { data, given }) {
    const { args } = this.graph.nodes[i];
    return given[i] && Object.fromEntries([[i, data[i]], ...args.map((p, k) => [p, given[i][k]])]);
  }

  // Which of these are others now.
  since(i, numbers) {
    const given = this.given(i, numbers);
    const { data } = numbers;
    const told = this.graph.nodes[i].args.flatMap((p) => (Object.is(given[p], data[p]) ? [] : [`${this.name(p)} ${both(given[p], data[p])}`]));
    return told.length ? ` (${[...new Set(told)].join("; ")})` : "";
  }

  // Which use of an argument it is, if an op takes that twice.
  use(i, k) {
    const { args } = this.graph.nodes[i];
    const twice = args.filter((parent) => parent === args[k]).length > 1;
    return twice ? [...String(k + 1)].map((digit) => INDICES[digit]).join("") : "";
  }

  // The boxes along a path.
  along(start, edges) {
    return [this.name(start), ...edges.map(([user, k]) => `${this.name(user)}${this.use(user, k) && ` (by ∂${this.use(user, k)})`}`)];
  }

  fraction(i, k) {
    const { args } = this.graph.nodes[i];
    const whole = (name) => (name.includes(" · ") ? `(${name})` : name);
    return `∂${this.use(i, k)}${whole(this.name(i))}/∂${whole(this.name(args[k]))}`;
  }

  partial(i, k, numbers) {
    const { derivatives, args, symbol } = this.graph.nodes[i];
    const given = this.given(i, numbers);
    if (!given) return equation(this.fraction(i, k), brief(numbers.partials[i][k]));
    const template = derivatives[k];
    const prime = args.length === 1 && /^[A-Za-z]\w*$/.test(symbol) ? `${symbol}′(${this.name(args[k])})` : "";
    return equation(
      this.fraction(i, k), prime, template && inWords(template, this.name),
      template && inNumbers(template, given), brief(numbers.partials[i][k]),
    ) + (template?.some((part) => typeof part === "number") ? this.since(i, numbers) : "");
  }
}
