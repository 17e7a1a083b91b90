/* The second tab: a tiny network that learns one's own points. */

const ACTIVATIONS = ["tanh", "relu", "sigmoid", "softplus", "sin", "linear"];
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const MOST = { layers: 4, neurons: 8 };

class Lab {
  constructor(desk, learning, optimizers, changed) {
    Object.assign(this, { desk, learning, optimizers, told: changed, chosen: 0, view: "weights" });
    this.spec = { data: "moons", hidden: [4, 4], activation: "tanh", init: "glorot_uniform", loss: "binary_cross_entropy", optimizer: "Adam", rate: 0.03, batch: 0, seed: 1 };
    this.points = DATA[this.spec.data].make();
    this.surface = new Surface(this);
    this.losses = new LossCurve();
    this.sample = new Sample(this);
    this.build();
  }

  get inputs() {
    return DATA[this.spec.data].inputs;
  }

  /* One of a few, by buttons. */
  choice(label, names, key, done) {
    const buttons = names.map((name) => el("button", { type: "button", "data-value": name, onclick: () => {
      this.spec[key] = name;
      done();
    } }, String(name).replaceAll("_", " ")));
    const show = () => buttons.forEach((each, k) => each.setAttribute("aria-pressed", String(names[k] === this.spec[key])));
    const group = el("div", { class: "choice", role: "group", "aria-label": label }, el("span", { class: "about" }, label), el("div", { class: "set" }, ...buttons));
    (this.shows ??= []).push(show);
    return group;
  }

  /* One of many, from a list. */
  pick(label, names, key, done, words = (name) => String(name).replaceAll("_", " ")) {
    const select = el("select", { "aria-label": label, onchange: () => {
      this.spec[key] = names()[select.selectedIndex];
      done();
    } });
    (this.shows ??= []).push(() => {
      select.replaceChildren(...names().map((name) => el("option", { value: name }, words(name))));
      select.selectedIndex = names().indexOf(this.spec[key]);
    });
    return el("label", { class: "choice" }, el("span", { class: "about" }, label), select);
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
      this.pick("Activation", () => ACTIVATIONS, "activation", renew),
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
    this.points = DATA[this.spec.data].make();
    const names = this.lossNames();
    if (this.inputs === 1) this.spec.loss = "squared_error";
    else if (!names.includes(this.spec.loss) || this.spec.loss === "squared_error") this.spec.loss = "binary_cross_entropy";
    this.renew();
  }

  clear() {
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

  settings() {
    for (const show of this.shows) show();
    const { spec } = this;
    const change = (layer, by) => {
      spec.hidden[layer] += by;
      this.renew();
    };
    this.layers.replaceChildren(...spec.hidden.map((size, layer) => el("span", { class: "layer" }, button(`One neuron less in layer ${layer}`, "−", () => size > 1 && change(layer, -1)), el("b", {}, String(size)), button(`One neuron more in layer ${layer}`, "+", () => size < MOST.neurons && change(layer, 1)))), el("span", { class: "layer" }, button("One layer less", "− layer", () => { spec.hidden.pop(); this.renew(); }), button("One layer more", "+ layer", () => { if (spec.hidden.length < MOST.layers) spec.hidden.push(4); this.renew(); })));
    this.layers.lastChild.firstChild.disabled = !spec.hidden.length;
    this.layers.lastChild.lastChild.disabled = spec.hidden.length >= MOST.layers;
    this.kind ??= 1;
    const kinds = [["● class 1", 1], ["■ class 0", 0]];
    this.class.hidden = this.inputs === 1;
    this.class.replaceChildren(el("span", { class: "about" }, "New points"), el("div", { class: "set" }, ...kinds.map(([said, kind]) => el("button", { type: "button", class: kind ? "one" : "zero-of", "aria-pressed": String(kind === this.kind), onclick: () => { this.kind = kind; this.settings(); } }, said))));
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
    Object.assign(this.training, { history, steps: 0, epochs });
    this.training.steps = steps;
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
    this.losses.show(this.training, this.spec.loss);
    this.sample.show();
  }
}

/* For the address: the settings, and the points where they are one's own. */
Object.assign(Lab.prototype, {
  state() {
    const { spec, points } = this;
    const settings = Object.entries(spec).map(([key, value]) => [`net.${key}`, String(value)]);
    return [...settings, ...(this.own ? [["net.points", points.map(({ x, wanted }) => [...x, wanted].join(",")).join(" ")]] : [])];
  },

  restore(given) {
    const { spec } = this;
    const read = (key, fits, made) => {
      const text = given.get(`net.${key}`);
      if (text !== null && fits(text)) spec[key] = made(text);
    };
    const whole = (low, high) => (text) => text.split(",").every((part) => /^\d+$/.test(part) && Number(part) >= low && Number(part) <= high);
    read("data", (text) => Object.hasOwn(DATA, text), String);
    read("hidden", (text) => text === "" || (whole(1, MOST.neurons)(text) && text.split(",").length <= MOST.layers), (text) => (text ? text.split(",").map(Number) : []));
    read("activation", (text) => ACTIVATIONS.includes(text), String);
    read("init", (text) => Object.hasOwn(BEGINNINGS, text), String);
    read("optimizer", (text) => Object.hasOwn(this.optimizers, text), String);
    read("rate", (text) => RATES.includes(Number(text)), Number);
    read("batch", whole(0, 64), Number);
    read("seed", whole(0, 1e6), Number);
    read("loss", (text) => this.lossNames().includes(text), String);
    this.points = DATA[spec.data].make();
    const own = given.get("net.points");
    this.own = own !== null;
    if (this.own) this.points = own.split(" ").map((text) => text.split(",").map(Number)).filter((all) => all.length === this.inputs + 1 && all.every((x) => fabs(x) < 1e6) && (this.inputs === 1 || [0, 1].includes(all.at(-1)))).map((all) => ({ x: all.slice(0, -1), wanted: all.at(-1) }));
    if (given.get("tab") === "network") this.renew();
  },
});
