/* The second tab: a tiny network that learns one's own points. */

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

class Lab {
  constructor(desk, learning, optimizers, changed) {
    Object.assign(this, { desk, learning, optimizers, told: changed, chosen: 0, view: "weights" });
    Object.assign(MEANINGS.Activation, desk.table.activations);
    this.activations = Object.keys(desk.table.activations);
    this.spec = { data: "moons", hidden: [4, 4], activation: this.activations[0], init: "glorot_uniform", loss: "binary_cross_entropy", optimizer: "Adam", rate: 0.03, batch: 0, seed: 1 };
    this.points = DATA[this.spec.data].make();
    this.surface = new Surface(this);
    this.losses = new LossCurve();
    this.sample = new Sample(this);
    this.build();
  }

  get inputs() {
    return DATA[this.spec.data].inputs;
  }

  build() {
    const renew = () => this.renew();
    this.layers = el("div", { class: "layers" });
    this.class = el("div", { class: "choice classes", role: "group", "aria-label": "Class of new points" });
    this.run = el("button", { type: "button", class: "play", onclick: () => this.toggle() }, "Run");
    const control = (said, action) => el("button", { type: "button", onclick: () => { this.pause(); action(); this.show(); } }, said);
    const left = el(
      "section", { class: "card-of controls", "aria-label": "Settings" },
      this.choice("Data", Object.keys(DATA), "data", () => this.take()),
      this.class,
      el("div", { class: "choice" }, el("span", { class: "about" }, "Hidden"), this.layers),
      this.pick("Activation", () => this.activations, "activation", renew),
      this.pick("Weights", () => Object.keys(BEGINNINGS), "init", renew),
      this.pick("Loss", () => this.lossNames(), "loss", renew),
      this.pick("Optimiser", () => Object.keys(this.optimizers), "optimizer", renew),
      this.pick("Rate", () => RATES, "rate", renew),
      this.pick("Batch", () => [1, 4, 16, 0], "batch", renew, (n) => (n ? `${n} of the points` : "all points")),
      el("div", { class: "row-of" }, el("button", { type: "button", onclick: () => { this.spec.seed++; this.renew(); } }, "Other weights"), el("button", { type: "button", onclick: () => this.clear() }, "Clear points")),
    );
    const middle = el(
      "section", { class: "card-of", "aria-label": "Training" },
      el("div", { class: "row-of" }, this.run, control("One step", () => this.training.step()), control("One epoch", () => this.training.epoch()), control("Begin again", () => this.renew())),
      this.surface.element, el("p", { class: "hint" }, "Click to add a point (Shift: of the other class), click a point to choose it."),
    );
    const falling = el("section", { class: "card-of", "aria-label": "Loss by step" }, el("h2", {}, "Loss"), this.losses.element);
    this.element = el("div", { class: "desk lab" }, el("div", { class: "benches" }, left, middle, el("div", { class: "beside" }, this.sample.network, falling)), this.sample.element);
  }

  lossNames() {
    return Object.keys(this.learning).filter((name) => this.inputs === 2 || !this.learning[name].classes);
  }

  take() {
    this.own = false;
    this.points = DATA[this.spec.data].make();
    const names = this.lossNames();
    if (this.inputs === 1) this.spec.loss = "squared_error";
    else if (!names.includes(this.spec.loss) || this.spec.loss === "squared_error") this.spec.loss = "binary_cross_entropy";
    this.renew();
  }

  clear() {
    this.own = true;
    this.points = [];
    if (this.inputs === 2) this.spec.data = "own points";
    this.renew();
  }

  /* A network that has learnt nothing yet. */
  renew() {
    this.pause();
    const { spec } = this;
    this.chosen = Math.min(this.chosen, Math.max(0, this.points.length - 1));
    this.network = new Tiny(this.desk.table, { inputs: this.inputs, hidden: spec.hidden, activation: spec.activation, init: spec.init, loss: this.learning[spec.loss], seed: spec.seed });
    this.again();
    this.sample.renew();
    this.settings();
    this.show();
    this.told?.();
  }

  /* The same network, with other points or another way to learn. */
  again() {
    const { spec, points } = this;
    this.training = new Training(this.network, points, this.optimizers[spec.optimizer], spec.rate, spec.batch || Math.max(1, points.length));
  }

  add([x, y], other) {
    if (this.inputs === 1) this.points.push({ x: [x], wanted: y });
    else this.points.push({ x: [x, y], wanted: other ? 1 - this.kind : this.kind });
    this.chosen = this.points.length - 1;
    this.changed();
  }

  remove() {
    this.points.splice(this.chosen, 1);
    this.chosen = Math.max(0, Math.min(this.chosen, this.points.length - 1));
    this.changed();
  }

  changed() {
    this.own = true;
    const { history, steps, epochs } = this.training;
    this.again();
    Object.assign(this.training, { history, steps, epochs });
    this.show();
    this.told?.();
  }

  choose(k) {
    this.chosen = k;
    this.show();
  }

  toggle() {
    if (this.running) {
      this.pause();
      return;
    }
    if (!this.points.length) return;
    this.running = true;
    this.run.textContent = "Pause";
    this.element.classList.add("running");
    const turn = () => {
      if (!this.running || !this.element.isConnected) return;
      const until = performance.now() + 14;
      do this.training.epoch(); while (performance.now() < until && this.training.steps < 50 * this.frames);
      this.frames++;
      this.show();
      this.frame = requestAnimationFrame(turn);
    };
    this.frames = 1;
    turn();
  }

  pause() {
    this.running = false;
    cancelAnimationFrame(this.frame);
    this.run.textContent = "Run";
    this.element.classList.remove("running");
  }

  show() {
    this.training.note();
    this.surface.show();
    this.losses.show(this.training, this.spec.loss, this.network.rightOf(this.points));
    this.sample.show();
  }
}
