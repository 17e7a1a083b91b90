// Predict before you see: every next number is hidden until it was typed, or asked for.

class Quiz {
  constructor(page, questions = new Questions(page.graph, page.wording)) {
    this.page = page;
    this.on = false;
    this.questions = questions;
    // the step of each arrow, before which its number is a secret
    this.turns = new Map(questions.graph.steps.map((step, k) => [`${step.node} ${step.arg}`, k]));
    const { stale } = questions.graph;
    this.switch = el("button", { type: "button", role: "switch", class: "predict", "aria-checked": "false", disabled: stale, title: stale ? "Not for numbers that are out of date: root.refresh() first" : "Predict before you see: each next number is hidden until you type it", onclick: () => (this.on ? this.turn(false) : this.offer()) }, "Predict");
    this.field = el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-label": "Your number", placeholder: "your number" });
    this.check = el("button", { class: "check" }, "Check");
    this.next = el("button", { class: "check" }, "Next");
    this.tell = el("button", { type: "button", onclick: () => this.give() }, "Show me");
    this.stop = el("button", { type: "button", class: "quiet", onclick: () => this.finish() }, "Score");
    this.answer = el("p", { class: "answer", role: "status" });
    this.element = el("form", { class: "quiz", hidden: true, "aria-label": "Prediction", onsubmit: (event) => this.submit(event) }, el("div", { class: "reply" }, this.field, this.check, this.next, this.tell, this.stop), this.answer);
    page.whatIf?.followers.push(() => this.on && this.turn(true));
  }

  // The page has shown its numbers: whether others are to be found is asked first.
  offer() {
    const choice = (text, action) => el("button", { type: "button", onclick: action }, text);
    const fresh = this.leaves.length > 0 && choice("With other numbers", () => this.others());
    this.turn(true, Boolean(fresh));
    if (!fresh) return;
    this.reply("", fresh, choice("With these numbers", () => this.turn(true)));
    fresh.focus({ preventScroll: true });
  }

  turn(on, choosing = false) {
    const { page } = this;
    Object.assign(this, { on, choosing, at: null, told: null, finished: false, results: new Map(), before: this.questions.before() });
    this.switch.setAttribute("aria-checked", String(on));
    page.app.classList.toggle("quizzing", on);
    this.element.hidden = !on;
    page.player.pause();
    page.player.limit = on ? 0 : page.player.end;
    page.select?.(null);
    page.player.position = on ? 0 : null;
    // numbers that were made for the quiz go with it
    if (!on && this.own?.size) page.whatIf.all(this.own);
    else if (!on && this.own) page.whatIf.reset();
    if (!on) this.own = null;
    page.render();
    if (on) this.field.focus({ preventScroll: true });
  }

  // What is known with the numbers still to be predicted taken out.
  hide(known) {
    const { position } = this.page.player;
    const open = (i, k) => {
      const turn = this.turns.get(`${i} ${k}`);
      return turn === undefined || turn < position || (turn === position && this.at === position && this.hinted);
    };
    return { ...known, partials: known.partials.map((row, i) => row.map((p, k) => (open(i, k) ? p : undefined))) };
  }

  // Those that can get other numbers.
  get leaves() {
    const { graph, whatIf } = this.page;
    return whatIf ? [...graph.nodes.keys()].filter((i) => whatIf.allows(i)) : [];
  }

  get question() {
    return this.list[this.part];
  }

  // On to the state after a step, which is told.
  advance() {
    const { player } = this.page;
    this.told = player.position + 1;
    player.limit = Math.max(player.limit, this.told);
    player.place(this.told);
    this.next.focus({ preventScroll: true });
  }

  // The question of the moment, or what the last answer has brought; as `Moment.tell`.
  say(moment, position, numbers, last) {
    const { end } = this.page.player;
    if (position !== this.at) this.begin(position, numbers);
    const over = this.finished || (position === end && this.told !== position);
    const told = !over && (this.told === position || (!this.list.length && !this.choosing));
    const asking = !told && !over && !this.choosing && !this.answered;
    const waits = !over && (told || this.answered);
    for (const [element, shown] of [[this.field, asking], [this.check, asking], [this.tell, asking], [this.next, waits], [this.stop, !over && this.results.size > 0]]) element.hidden = !shown;
    if (over) {
      this.score(moment, numbers);
      return { boxes: [], edges: [] };
    }
    if (this.choosing) {
      moment.say("Predict before you see", [], "From here on, each number is hidden until you find it. You may have seen the numbers of this graph already: other numbers make a fresh exercise.");
      return { boxes: [], edges: [] };
    }
    if (told) return moment.tell(position, numbers, last, true);
    const { formula, words } = this.question;
    const { node, arg, parent } = this.questions.graph.steps[position];
    const found = this.answered ? el("span", { class: "found" }, signed(this.question.truths[0])) : blank();
    moment.say(`Predict number ${this.before[position] + this.part + 1} of ${this.before[end]}`, formula(this.hinted, found), this.answered ? this.question.more?.() ?? "" : words());
    return { boxes: [node, ...(parent === undefined ? [] : [parent])], edges: arg === undefined ? [] : [[node, arg]], place: parent ?? node, asked: parent ?? node };
  }

  begin(position, numbers) {
    if (this.at !== null) this.finished = false;
    Object.assign(this, { at: position, part: 0, tries: 0, hinted: false, answered: false, list: this.questions.of(position, numbers) });
    if (this.told === position) return;
    this.told = null;
    this.field.value = "";
    if (!this.list.length) {
      this.reply("");
      return;
    }
    this.reply("", `${position ? "" : this.questions.first}Within ${100 * TOLERANCE} % counts as right; fractions such as -1/2 do too.`);
  }

  reply(sign, ...said) {
    this.answer.className = `answer ${sign}`;
    this.answer.replaceChildren(...said.filter(Boolean));
  }

  submit(event) {
    event.preventDefault();
    if (this.answered) {
      this.proceed();
      return;
    }
    if (this.told !== null || !this.list.length) {
      const { position } = this.page.player;
      const asks = this.told === null ? 0 : this.questions.of(position, this.page.whatIf?.numbers).length;
      this.told = this.at = null;
      if (!asks && position < this.page.player.end) {
        this.reply(""); // it is given
        this.advance();
      } else {
        this.page.render();
      }
      if (!this.field.hidden) this.field.focus({ preventScroll: true });
      return;
    }
    // an Enter too many is no answer
    if (!this.field.value.trim()) return;
    const { isNumber, x } = typed(this.field.value);
    if (!isNumber) {
      this.reply("", "Type a number, such as -1.5 or 1/3.");
    } else if (this.question.truths.some((truth) => near(x, truth))) {
      this.pass(this.tries ? "hinted" : "right", el("b", {}, "Right: "), this.question.told);
    } else {
      this.tries += 1;
      this.hinted ||= this.tries > 1;
      this.reply("wrong", el("b", {}, `Not ${brief(x)}. `), this.question.hint(x, this.tries));
      this.page.render();
    }
    this.field.select();
  }

  give() {
    this.pass("shown", el("b", {}, "It is: "), this.question.told);
  }

  // What was asked is known: “Next” leads on to the second part of a question, or what it has brought is told.
  pass(how, ...said) {
    const key = `${this.at} ${this.part}`;
    if (!this.results.has(key)) this.results.set(key, { kind: this.question.kind, how });
    this.reply("right", ...said);
    if (this.part + 1 < this.list.length) {
      Object.assign(this, { answered: true, hinted: true });
      this.page.render();
      this.next.focus({ preventScroll: true });
    } else {
      this.advance();
    }
  }

  proceed() {
    Object.assign(this, { part: this.part + 1, tries: 0, answered: false });
    this.field.value = "";
    this.reply("");
    this.page.render();
    this.field.focus({ preventScroll: true });
  }
}
