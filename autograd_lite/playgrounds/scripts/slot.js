/* One typed expression: its field, what is wrong with it, its graph. */

class Slot {
  constructor(letter, text, desk) {
    Object.assign(this, { letter, desk, nodes: null, page: null, turn: 0 });
    const id = `said-${letter}`;
    this.field = el("textarea", { rows: 1, spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-label": `Expression ${letter}`, "aria-describedby": id, placeholder: "for example tanh(w*x + b)", oninput: () => this.typed(), title: "Enter: done. Shift and Enter: a new line", onkeydown: (event) => this.entered(event) });
    this.field.value = text;
    this.result = el("output", { class: "result" });
    this.said = el("div", { class: "said", id, role: "status" });
    this.host = el("section", { class: "graph", "aria-label": `Graph of ${letter}` });
    this.bar = el("div", { class: "typing" }, el("label", { class: "letter", "aria-hidden": "true" }, `${letter} =`), this.field, this.result);
    this.element = el("div", { class: `slot ${letter}` }, this.bar, this.said);
    this.grow();
  }

  grow() {
    this.field.rows = Math.min(6, this.field.value.split("\n").length);
  }

  /* Enter is the end of what is typed. */
  entered(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.read();
  }

  typed() {
    this.grow();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(), 120);
  }

  /* Taken away: nothing that it waits for is done any more. */
  leave() {
    clearTimeout(this.timer);
    this.turn++;
  }

  /* Numbers at once, the drawing when it is laid out. */
  read() {
    clearTimeout(this.timer);
    const { desk } = this;
    try {
      Object.assign(this, built(this.field.value, desk.table, desk.numbers, this.letter));
      this.graph = new Graph(this.nodes, this.rows);
      this.variables = new Map(this.nodes.flatMap(({ leaf, label, inText }, i) => (leaf && label && !inText ? [[label, i]] : [])));
      this.wrong(null);
    } catch (error) {
      const deep = error instanceof RangeError;  /* of the stack, which differs from browser to browser */
      if (!deep && !(error instanceof Unreadable)) throw error;
      this.wrong(deep ? new Unreadable(desk.table.words.deep, 0) : error);
      desk.changed();
      return;
    }
    this.drawing = this.draw();
    desk.changed();
  }

  wrong(error) {
    const { field, said, host } = this;
    field.setAttribute("aria-invalid", String(Boolean(error)));
    host.classList.toggle("old", Boolean(error));
    if (!error) {
      said.replaceChildren();
      return;
    }
    const { value } = field;
    const at = Math.min(error.at, value.length);
    const start = value.lastIndexOf("\n", at - 1) + 1;
    const stop = value.indexOf("\n", at) < 0 ? value.length : value.indexOf("\n", at);
    const end = Math.max(at + 1, Math.min(error.end, stop));
    const place = el("code", { class: "place" }, value.slice(start, at), el("mark", {}, value.slice(at, end) || " "), value.slice(end, stop));
    said.replaceChildren(el("p", {}, error.message), place);
    this.result.textContent = "";
  }

  async draw() {
    const turn = ++this.turn;
    const { desk, letter } = this;
    const made = await opened(desk.layout, this.nodes, this.rows, `Graph of ${letter}`, desk.style).catch((error) => ({ error }));
    if (turn !== this.turn) return;
    // what is not shown has no sizes to draw with
    this.late = desk.element.hidden;
    if (this.late) return;
    if (made.error) {
      this.page = null;
      this.host.replaceChildren(el("p", { class: "hint" }, `No picture of these ${this.nodes.length} boxes: Graphviz says ${made.error.message}. All numbers beside it are right.`));
      return;
    }
    const old = this.host.firstChild;
    this.host.append(made.host);
    // on a phone the graph is not parted from its variables by the help
    this.page = made.start((this.page ?? desk.page)?.helping ?? (desk.element.clientWidth < 520 ? false : undefined));
    desk.page = this.page;
    old?.remove();
    new MutationObserver(() => desk.asked()).observe(this.page.app, { attributes: true, attributeFilter: ["class"] });
    desk.asked();
    this.page.whatIf.followers.push(() => desk.dragged(this));
    this.host.classList.remove("old");
    this.follow();
    desk.letters.show();
  }

  /* The page's leaves take the numbers of now. */
  follow() {
    for (const [name, i] of this.variables) {
      const x = this.desk.numbers.of(name);
      if (this.page && !this.late && this.page.graph.nodes[i]?.name === name && !Object.is(this.page.whatIf.numbers.data[i], x)) this.page.whatIf.change(i, x);
    }
  }

  /* The page of the graph, if it is drawn already. */
  get drawn() {
    return this.page?.graph.nodes === this.nodes ? this.page : null;
  }

  /* All numbers at those of now, of which some may be others. */
  at(others = {}) {
    const given = [...this.variables].map(([name, i]) => [i, Object.hasOwn(others, name) ? others[name] : this.desk.numbers.of(name)]);
    const numbers = this.graph.evaluated(new Map(given));
    return { ...numbers, root: numbers.data[this.graph.root], grad: this.graph.adjoints(numbers).grad };
  }

  /* Whether the text was read, so that the numbers are of what it says. */
  get good() {
    return Boolean(this.graph) && this.field.getAttribute("aria-invalid") === "false";
  }

  show() {
    if (!this.graph) return;
    const { root } = (this.now = this.at());
    if (this.good) this.result.replaceChildren("= ", el("b", { "data-exact": exactly(root) }, brief(root, 6)));
  }
}
