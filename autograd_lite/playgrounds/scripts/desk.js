/* The first tab: expressions, their variables, curves and graphs. */

const EXAMPLES = [
  ["a used four times", "(a*b)*a + a*a", "", { a: 2, b: -3 }],
  ["a part with a name", "e = a*b; e*a + a*a", "", { a: 2, b: -3 }],
  ["a neuron", "tanh(w*x + b)", "", { w: 0.5, x: 2, b: -0.5 }],
  ["a squared error", "square(w*x - y)", "", { w: 1.5, x: 2, y: 4 }],
  ["one function, written twice", "exp(x) / (1 + exp(x))", "sigmoid(x)", { x: 0.5 }],
  ["ReLU and a smooth one", "relu(x)", "softplus(x)", { x: 0.5 }],
  ["a product and its logarithm", "log(a*b)", "log(a) + log(b)", { a: 2, b: 0.5 }],
  ["two layers", "h = tanh(w1*x + b1); square(w2*h + b2 - y)", "", { w1: 0.8, x: 1, b1: 0.1, w2: 1.2, b2: -0.3, y: 1 }],
];

class Desk {
  constructor(data, rows, changed) {
    this.data = data;
    this.told = changed;
    this.table = entered(data.table, rows);
    this.layout = new Layout(data.graphviz, data.drawn);
    this.style = { css: data.page, pace: data.pace };
    this.numbers = new Numbers(data.numbers, data.starts);
    this.variables = new Variables(this);
    this.curve = new Curve(this);
    this.letters = new Letters(this);
    this.build();
    this.put([data.text]);
  }

  build() {
    this.fields = el("div", { class: "fields" });
    this.graphs = el("div", { class: "graphs" });
    const examples = el("select", { "aria-label": "Examples", onchange: () => {
      const [, f, g, numbers] = EXAMPLES[examples.value];
      Object.assign(this.numbers.given, numbers);
      this.put(g ? [f, g] : [f]);
      this.begin();
      examples.value = "";
    } }, el("option", { value: "" }, "Examples …"), ...EXAMPLES.map(([said, f], k) => el("option", { value: k }, `${said}: ${f}`)));
    this.second = el("button", { type: "button", onclick: () => this.add() }, "+ second expression");
    const python = el("button", { type: "button", onclick: () => copied(this.python(), python) }, "Copy as Python");
    const tools = el("div", { class: "row-of" }, examples, this.second, python);
    this.side = el("div", { class: "side" }, this.variables.element, this.curve.element);
    this.columns = el("div", { class: "columns" }, this.side, el("div", { class: "main-of" }, this.graphs, this.letters.element));
    this.element = el("div", { class: "desk" }, this.fields, tools, this.columns);
  }

  /* These expressions and no others. */
  put(texts) {
    for (const slot of this.slots ?? []) slot.leave();
    this.slots = texts.map((text, k) => new Slot("fg"[k], text, this));
    this.arrange();
  }

  add() {
    this.slots.push(new Slot("g", this.slots[0].field.value, this));
    this.arrange();
    this.slots[1].read();
    this.slots[1].field.focus();
    this.slots[1].field.select();
  }

  remove() {
    this.slots.pop().leave();
    this.arrange();
    this.changed();
    this.slots[0].field.focus();
  }

  arrange() {
    const two = this.slots.length > 1;
    this.fields.replaceChildren(...this.slots.map((slot) => slot.element));
    this.graphs.replaceChildren(...this.slots.map((slot) => slot.host));
    if (two && !this.slots[1].element.querySelector(".away")) this.slots[1].bar.append(Object.assign(button("Remove the second expression", "×", () => this.remove()), { className: "away" }));
    this.second.hidden = two;
    this.columns.classList.toggle("two", two);
  }

  begin() {
    for (const slot of this.slots) slot.read();
  }

  /* Slots that have a graph; while a text cannot be read, it is that of the text before. */
  get read() {
    return this.slots.filter((slot) => slot.graph);
  }

  python() {
    return new InPython(this.read, this.numbers, this.table).text;
  }

  names() {
    return [...new Set(this.read.flatMap((slot) => [...slot.variables.keys()]))];
  }

  choose(name) {
    this.over = name;
    this.changed();
  }

  set(name, x) {
    this.numbers.given[name] = x;
    this.follow();
  }

  /* A leaf's number was dragged in a graph. */
  dragged(slot) {
    if (this.following || slot.page.graph.nodes !== slot.nodes) return;
    for (const [name, i] of slot.variables) this.numbers.given[name] = slot.page.whatIf.numbers.data[i];
    this.follow();
  }

  follow() {
    this.following = true;
    for (const slot of this.read) slot.follow();
    this.following = false;
    this.changed();
  }

  changed() {
    const names = this.names();
    if (!names.includes(this.over)) this.over = names[0];
    for (const slot of this.slots) slot.show();
    this.columns.classList.toggle("before", !this.slots.every((slot) => slot.good));
    this.variables.show();
    this.letters.show();
    this.curve.show();
    this.told?.();
  }

  /* While a graph asks for numbers, they stand nowhere else. */
  asked() {
    this.element.classList.toggle("asking", this.slots.some(({ page }) => page?.quiz.on));
  }

  /* For the address. */
  state() {
    const pairs = this.slots.map((slot) => [slot.letter, slot.field.value]);
    return [...pairs, ...(this.over ? [["over", this.over]] : []), ...this.names().map((name) => [`at.${name}`, exactly(this.numbers.of(name))])];
  }

  restore(given) {
    for (const [key, text] of given) if (key.startsWith("at.") && number(text) === number(text)) this.numbers.given[key.slice(3)] = Number(text);
    if (given.has("over")) this.over = given.get("over");
    if (given.has("f")) this.put(["f", "g"].flatMap((key) => given.get(key) ?? []));
    this.begin();
  }
}
