// Formulas: a template is a list of texts and numbers of nodes.

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

  made(i, data) {
    const { call } = this.graph.nodes[i];
    return equation(this.name(i), call && inWords(call, this.name), call && inNumbers(call, data), brief(data[i]));
  }

  fraction(i, k) {
    const { args } = this.graph.nodes[i];
    const twice = args.filter((parent) => parent === args[k]).length > 1;
    const index = twice ? [...String(k + 1)].map((digit) => INDICES[digit]).join("") : "";
    return `∂${index}${this.name(i)}/∂${this.name(args[k])}`;
  }

  partial(i, k, data, partials) {
    const { derivatives, args, symbol } = this.graph.nodes[i];
    const template = derivatives[k];
    const prime = args.length === 1 && /^[A-Za-z]\w*$/.test(symbol) ? `${symbol}′(${this.name(args[k])})` : "";
    return equation(
      this.fraction(i, k), prime, template && inWords(template, this.name),
      template && inNumbers(template, data), brief(partials[i][k]),
    );
  }
}
