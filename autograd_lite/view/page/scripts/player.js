// The player: the forward pass op by op, then the backward pass edge by edge.

class Player {
  // `moved` is called after each step, `gone` tells whether the page was taken away.
  constructor(graph, pace, moved, gone) {
    Object.assign(this, { graph, pace, moved, gone });
    this.end = graph.steps.length;
    this.position = null; // steps done; null: the numbers as they were recorded
    this.slider = el("input", { type: "range", min: 0, max: this.end, step: 1, "aria-label": "Step", oninput: () => this.go(Number(this.slider.value)) });
    this.counter = el("span", { class: "counter" });
    this.playing = button("Play", icon(ICONS.play), () => this.play());
    this.playing.classList.add("play");
    this.element = el(
      "div", { class: "player", role: "group", "aria-label": "Player" },
      button("First", icon(ICONS.first), () => this.go(0)),
      button("Back", icon(ICONS.back), () => this.step(-1)),
      this.playing,
      button("Forward", icon(ICONS.forward), () => this.step(1)),
      button("Last", icon(ICONS.last), () => this.go(this.end)),
      this.slider, this.counter,
    );
  }

  go(position) {
    this.pause();
    this.place(position);
  }

  place(position) {
    this.position = Math.max(0, Math.min(position, this.end));
    this.moved();
  }

  step(by) {
    this.go((this.position ?? this.end) + by);
  }

  play() {
    if (this.timer) {
      this.pause();
      return;
    }
    if ((this.position ?? this.end) === this.end) this.place(0);
    this.face("Pause", ICONS.pause);
    this.timer = setInterval(() => {
      if (this.gone()) this.pause();
      else if (this.position < this.end) this.place(this.position + 1);
      if (this.position === this.end) this.pause();
    }, this.pace);
  }

  pause() {
    clearInterval(this.timer);
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
    this.counter.textContent = `${this.slider.value} / ${this.end}`;
  }
}
