// The end of a quiz: the score, and going on with these numbers or with others.

Object.assign(Quiz.prototype, {
  finish() {
    this.kept = [this.answer.className, [...this.answer.childNodes]];
    this.finished = true;
    this.page.render();
  },

  // Back to the question at which the score was asked for.
  resume() {
    this.finished = false;
    this.answer.className = this.kept[0];
    this.answer.replaceChildren(...this.kept[1]);
    this.page.render();
    (this.field.hidden ? this.next : this.field).focus({ preventScroll: true });
  },

  score(moment, numbers) {
    const kinds = new Map();
    for (const { kind, how } of this.results.values()) {
      const counts = kinds.get(kind) ?? { right: 0, hinted: 0, shown: 0 };
      counts[how] += 1;
      kinds.set(kind, counts);
    }
    const all = [...this.results.values()];
    const cells = ({ right, hinted, shown }) => [right, hinted, shown].map((n) => el("td", {}, String(n)));
    const table = el("table", { class: "score" }, el("thead", {}, el("tr", {}, ...["kind of number", "right at once", "after a hint", "shown"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...[...kinds].map(([kind, counts]) => el("tr", {}, el("th", { scope: "row" }, kind), ...cells(counts)))));
    const others = el("button", { type: "button", onclick: () => this.others() }, "Again, with other numbers");
    moment.say("Score", [all.length ? `${all.filter(({ how }) => how === "right").length} of ${all.length} right at once` : "Nothing was asked yet."]);
    const { sums, proof } = this.questions.lessons(numbers);
    const whole = this.page.player.position === this.page.player.end;
    moment.element.append(table);
    if (whole) moment.element.append(...sums.map((parts) => el("p", { class: "formula sums" }, ...parts)), ...proof.map((text) => el("p", { class: "words" }, text)));
    this.reply("", whole ? "" : el("button", { type: "button", onclick: () => this.resume() }, "Continue"), el("button", { type: "button", onclick: () => this.turn(true) }, "Again"), this.leaves.length ? others : "");
  },

  // Small whole numbers for the leaves, such that every number of the graph is finite.
  others() {
    const { graph, whatIf } = this.page;
    const digits = [-4, -3, -2, -1, 1, 2, 3, 4];
    for (let k = 0; k < 50; k++) {
      const changed = new Map(this.leaves.map((i) => [i, digits[Math.floor(Math.random() * digits.length)]]));
      const { data, partials } = graph.evaluated(changed);
      if ([...data, ...partials.flat()].every((x) => fabs(x) < 1e4) && [...changed].some(([i, x]) => x !== whatIf.numbers.data[i])) {
        this.own ??= new Map(whatIf.changed);
        whatIf.all(changed);
        return;
      }
    }
    this.reply("", "No other whole numbers fit here. You can drag the number of a leaf. ", el("button", { type: "button", onclick: () => this.turn(true) }, "With these numbers"));
  },
});
