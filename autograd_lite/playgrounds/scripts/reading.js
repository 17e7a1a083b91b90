/* Reading a formula: text → a tree whose parts know their places. The grammar is Python's, as in expressions.py. */

class Reader {
  /* `words`: what errors say, by the syntax that is refused, as expressions.py has it. */
  constructor(text, words) {
    Object.assign(this, { text, words, tokens: tokensOf(text), k: 0 });
  }

  get now() {
    return this.tokens[this.k];
  }

  is(...signs) {
    return this.now.kind === "sign" && signs.includes(this.now.text);
  }

  take() {
    return this.tokens[this.k++];
  }

  /* Statements: formulas, each with the name it is given, if any. The last is the output. */
  read() {
    const statements = [];
    while (this.k < this.tokens.length) {
      if (this.now.kind === "end") this.take();
      else statements.push(this.statement());
    }
    if (!statements.length) throw new Unreadable(this.words.empty, 0);
    return statements;
  }

  statement() {
    const [first, second] = [this.now, this.tokens[this.k + 1]];
    const named = first.kind === "name" && second?.text === "=" && second.kind === "sign";
    if (named) {
      if (RESERVED.has(first.text)) this.reserved(first);
      this.k += 2;
    }
    const tree = this.sum();
    if (this.now.kind !== "end") this.refuse();
    this.take();
    return { name: named ? first.text : "", tree, at: first.at, end: tree.end };
  }

  chain(part, ...signs) {
    let left = part();
    while (this.is(...signs)) {
      const sign = this.take();
      const right = part();
      left = { kind: "op", sign: SYNTAX[sign.text], args: [left, right], at: left.at, end: right.end };
    }
    return left;
  }

  sum() {
    return this.chain(() => this.chain(() => this.signed(), "*", "/", "//", "%"), "+", "-");
  }

  signed() {
    if (!this.is("+", "-")) return this.power();
    const sign = this.take();
    const part = this.signed();
    return { kind: "op", sign: `U${SYNTAX[sign.text]}`, args: [part], at: sign.at, end: part.end };
  }

  power() {
    const base = this.atom();
    if (!this.is("**")) return base;
    this.take();
    const exponent = this.signed();
    return { kind: "op", sign: SYNTAX["**"], args: [base, exponent], at: base.at, end: exponent.end };
  }

  atom() {
    const token = this.now;
    const { kind, text, at, end } = token;
    if (kind === "number") {
      this.take();
      return { kind, value: this.number(token), at, end };
    }
    if (kind === "name") {
      if (RESERVED.has(text)) this.reserved(token);
      this.take();
      return this.is("(") ? { kind: "call", name: text, args: this.list(")"), at, end: this.tokens[this.k - 1].end } : { kind, name: text, at, end };
    }
    if (this.is("[")) return { kind: "list", args: this.list("]"), at, end: this.tokens[this.k - 1].end };
    if (!this.is("(")) this.refuse();
    this.take();
    const inside = this.sum();
    if (!this.is(",")) return this.closed(token, ")", inside);
    this.k = this.tokens.indexOf(token);
    return { kind: "list", args: this.list(")"), at, end: this.tokens[this.k - 1].end };
  }

  /* What is inside of brackets, at the first. */
  list(close) {
    const opened = this.take();
    const args = [];
    while (!this.is(close)) {
      args.push(this.sum());
      if (this.is("=")) this.refuse("keyword");
      if (!this.is(",")) break;
      this.take();
    }
    return this.closed(opened, close, args);
  }

  closed(opened, close, inside) {
    if (this.now.kind === "end") throw new Unreadable(`'${opened.text}' was never closed; put a ${close} where it ends`, opened.at);
    if (!this.is(close)) this.refuse();
    this.take();
    return inside;
  }

  number({ text, at, end }) {
    const digits = text.replaceAll("_", "");
    if (/^0\d+$/.test(digits) && Number(digits)) throw new Unreadable(`leading zeros are not read here; write ${Number(digits)}`, at, end);
    return Number(digits);
  }

  reserved({ text, at, end }) {
    const kind = { if: "IfExp", else: "IfExp", and: "BoolOp", or: "BoolOp", not: "Not" }[text];
    throw new Unreadable(this.words[kind] ?? `${text} is a word of Python's own and cannot be a name; choose another`, at, end);
  }

  /* What stands here is not read; why, by what it looks like. */
  refuse(kind = null) {
    const { now, words, tokens, k } = this;
    const signs = { "<": "Compare", ">": "Compare", "<=": "Compare", ">=": "Compare", "==": "Compare", "!=": "Compare", "^": "BitXor", "@": "MatMult", ".": "Attribute", "[": "Subscript", "*": "Starred", "**": "Starred", "=": "equals" };
    const before = tokens[k - 1];
    const operand = before && (before.kind === "number" || before.kind === "name" || ")]".includes(before.text));
    if (now.kind === "name" && RESERVED.has(now.text)) this.reserved(now);
    const said = words[kind ?? (now.kind === "sign" ? signs[now.text] : undefined)];
    const starred = now.text.startsWith("*") && !(before && "([,".includes(before.text));
    if (said && !starred && (operand || now.text !== "[")) throw new Unreadable(said, now.at, now.end);
    if (now.kind === "end") throw new Unreadable(`something is missing here${before ? ` after ${before.text}` : ""}; ${words.read}`, now.at);
    const product = operand && ["number", "name"].includes(now.kind) || (operand && now.text === "(");
    const why = product ? `a product needs its *: ${before.text}*${now.text}` : `${JSON.stringify(now.text)} cannot stand here; ${words.read}`;
    throw new Unreadable(why, now.at, now.end);
  }
}
