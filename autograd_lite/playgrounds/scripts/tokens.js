/* A text cut into words and signs, each with its place; and what is said of those that cannot be read. */

class Unreadable extends Error {
  constructor(said, at, end = at + 1) {
    super(said);
    Object.assign(this, { at, end });
  }
}

const TOKEN = /\s+|(?<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<sign>\*\*|\/\/|[<>=!]=|[-+*\/%()[\],=^@.<>&|~?!:{}"'#\\$`])|(?<rest>.)/giuy;
/* What errors say beside the words of the table, which are those of expressions.toml. */
const WORDS = {
  function: "{} is a function; write {}(...)",
  deep: "the expression is nested too deeply to be read; use sum([...]) for a long sum",
  equals: "= gives a name to a formula, at its beginning: e = a*b; e + 1",
};

/* The names of Python's syntax. */
const SYNTAX = { "+": "Add", "-": "Sub", "*": "Mult", "/": "Div", "**": "Pow", "%": "Mod", "//": "FloorDiv" };
const RESERVED = new Set("and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield True False None".split(" "));

function tokensOf(text) {
  const tokens = [];
  let depth = 0;
  for (const match of text.matchAll(TOKEN)) {
    const at = match.index;
    const { number, name, sign, rest } = match.groups;
    const kind = number !== undefined ? "number" : name !== undefined ? "name" : sign !== undefined ? "sign" : rest !== undefined ? "rest" : "space";
    if ("([".includes(sign)) depth++;
    if (")]".includes(sign)) depth--;
    if (kind === "rest" && rest === ";") tokens.push({ kind: "end", text: ";", at, end: at + 1 });
    else if (kind !== "space") tokens.push({ kind, text: kind === "name" ? name.normalize("NFKC") : match[0], at, end: at + match[0].length });
    else if (depth <= 0 && match[0].includes("\n")) tokens.push({ kind: "end", text: "\n", at, end: at + 1 });
  }
  return [...tokens, { kind: "end", text: "", at: text.trimEnd().length, end: text.trimEnd().length + 1 }];
}
