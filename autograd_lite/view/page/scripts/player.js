// The player: the forward pass op by op, then the backward pass edge by edge.

// A long graph is played faster, so that all of it takes no more than this at the usual speed.
const LONGEST = 200_000;
const FAST = 200;
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

class Player {
  // `moved` is called after each step, `gone` tells whether the page was taken away.
  constructor(graph, pace, moved, gone) {
    Object.assign(this, { graph, moved, gone });
    this.end = graph.steps.length;
    this.drawing = 0; // milliseconds that the last step took
    this.pace = Math.min(pace, LONGEST / this.end);
    this.turn = Math.min(graph.forwardEnd + 1, this.end); // where the backward pass begins
    this.limit = this.end; // the last step that may be shown: further on is what a quiz asks for
    this.position = null; // steps done; null: the numbers as they were recorded
    this.slider = el("input", { type: "range", min: 0, max: this.end, step: 1, "aria-label": "Step", oninput: () => this.go(Number(this.slider.value)) });
    this.counter = el("span", { class: "counter" });
    this.playing = button("Play", icon(ICONS.play), () => this.play());
    this.playing.classList.add("play");
    const speed = (x) => el("option", { value: x, selected: x === 1 }, `${x}×`);
    this.speed = el("select", { class: "speed", title: "Speed (< >)", "aria-label": "Speed", onchange: () => this.again() }, ...SPEEDS.map(speed));
    const part = (name, to, steps) => el("button", { type: "button", class: name, title: `To the beginning of the ${name} pass (${name[0]})`, style: `flex-grow: ${steps}`, onclick: () => this.go(to) }, name);
    this.passes = el("div", { class: "passes" }, part("forward", 0, graph.forwardEnd), this.turn > graph.forwardEnd && part("backward", this.turn, this.end - graph.forwardEnd));
    const rail = el("div", { class: "rail" }, this.slider, this.passes);
    this.element = el(
      "div", { class: "player", role: "group", "aria-label": "Player" },
      button("First", icon(ICONS.first), () => this.go(0)),
      button("Back", icon(ICONS.back), () => this.step(-1)),
      this.playing,
      (this.forward = button("Forward", icon(ICONS.forward), () => this.step(1))),
      (this.last = button("Last", icon(ICONS.last), () => this.go(this.end))),
      this.speed, this.counter, rail,
    );
  }

  go(position) {
    this.pause();
    this.place(position);
  }

  place(position) {
    this.position = Math.max(0, Math.min(position, this.limit));
    this.moved();
  }

  step(by) {
    this.go((this.position ?? this.end) + by);
  }

  play() {
    if (this.limit < this.end) return;
    if (this.timer) {
      this.pause();
      return;
    }
    if ((this.position ?? this.end) === this.end) this.place(0);
    this.face("Pause", ICONS.pause);
    this.tick();
  }

  // Where drawing takes longer than a fast step, some steps are passed over: so the whole takes its time.
  tick() {
    const wait = this.pace / Number(this.speed.value);
    const due = performance.now() + wait;
    this.timer = setTimeout(() => {
      const late = wait < FAST ? Math.floor((performance.now() - due + this.drawing) / wait) : 0;
      const begun = performance.now();
      if (this.gone()) this.pause();
      else if (this.position < this.end) this.place(this.position + 1 + Math.min(late, 3));
      this.drawing = performance.now() - begun;
      if (this.position === this.end) this.pause();
      if (this.timer) this.tick();
    }, wait);
  }

  // At another speed from now on.
  again() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.tick();
  }

  hurry(by) {
    const at = SPEEDS.indexOf(Number(this.speed.value)) + by;
    this.speed.value = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)];
    this.again();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.face("Play", ICONS.play);
  }

  face(label, path) {
    this.playing.replaceChildren(icon(path));
    this.playing.setAttribute("aria-label", label);
  }

  // What is known after the steps so far. Values that are not computed yet are undefined.
  known(numbers) {
    const { graph } = this;
    const position = this.position ?? this.end;
    const { grad, flows, last } = graph.adjoints(numbers, position);
    const data = [...numbers.data];
    graph.order.slice(position).forEach((i) => { data[i] = undefined; });
    return { data, grad, partials: numbers.partials, flows, last };
  }

  show(said) {
    this.slider.value = this.position ?? this.end;
    this.slider.setAttribute("aria-valuetext", said.slice(0, 200));
    const backward = Number(this.position !== null && this.position > this.graph.forwardEnd);
    [...this.passes.children].forEach((pass, k) => pass.toggleAttribute("data-now", this.position !== null && k === backward));
    for (const [each, name] of [[this.forward, "Forward"], [this.last, "Last"]]) {
      each.disabled = this.limit < this.end && this.position >= this.limit;
      each.title = each.disabled ? "Answer first, or ask by “Show me”" : name;
    }
    this.counter.textContent = `${this.slider.value} / ${this.end}`;
  }
}
