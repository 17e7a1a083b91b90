// The end of a quiz: the score, and going on with these numbers or with others.

const MOST_TRIES = 60;
const ALIKE = 0.34; // no answer should be right more often than this
const SIZES = [2, 3, 4, 5];

// The share of the answer that is right most often.
function alikeOf(graph, numbers) {
  const { flows } = graph.adjoints(numbers);
  const answers = [...graph.order.map((i) => numbers.data[i]), ...graph.edges.map(({ node, arg }) => flows[node][arg])];
  const counts = new Map();
  for (const x of answers) counts.set(brief(x), (counts.get(brief(x)) ?? 0) + 1);
  return Math.max(...counts.values()) / answers.length;
}

Object.assign(Quiz.prototype, {
  // The next of numbers that look random and are the same each time a page is opened.
  random(many) {
    this.seed = ((this.seed ?? 20261129) * 48271) % 2147483647;
    return Math.floor((this.seed / 2147483647) * many);
  },

  // A number for each leaf: no 0, 1 or -1, where many things look alike; each of a size of its own, or not.
  exercise(apart) {
    const { leaves } = this;
    const sizes = apart ? [...SIZES, ...leaves.slice(SIZES.length - 1).map((_, k) => SIZES.length + 2 + k)] : [...SIZES];
    return new Map(leaves.map((i) => {
      const at = this.random(sizes.length);
      const size = apart ? sizes.splice(at, 1)[0] : sizes[at];
      return [i, this.random(2) ? size : -size];
    }));
  },

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

  // Small whole numbers for the leaves, such that every number of the graph is finite and few answers are alike.
  others() {
    const { graph, whatIf } = this.page;
    let [best, least] = [null, Infinity];
    for (let k = 0; k < MOST_TRIES && least > ALIKE; k++) {
      const changed = this.exercise(k < MOST_TRIES / 2);
      const found = graph.evaluated(changed);
      const fits = [...found.data, ...found.partials.flat()].every((x) => fabs(x) < 1e4);
      if (!fits || [...changed].every(([i, x]) => x === whatIf.numbers.data[i])) continue;
      const share = alikeOf(graph, found);
      if (share < least) [best, least] = [changed, share];
    }
    if (best) {
      this.own ??= new Map(whatIf.changed);
      whatIf.all(best);
      return;
    }
    this.reply("", "No other whole numbers fit here. You can drag the number of a leaf. ", el("button", { type: "button", onclick: () => this.turn(true) }, "With these numbers"));
  },
});
