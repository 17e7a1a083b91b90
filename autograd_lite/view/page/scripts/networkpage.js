// The page of networks: their layers, a switch for what is shown, a slider for the sample, and the player; a neuron
// opens its own graph, and what is around the networks too. `rest` makes the page of that in an element.

const VIEWS = { weights: "Weights", gradients: "Gradients", activations: "Activations", changes: "Last step" };

// What lies around the networks: the last part of the picture, so that the others need not be read.
function pictureOfRest(text) {
  const part = text.slice(text.lastIndexOf("<svg "), text.lastIndexOf("</svg>"));
  return new DOMParser().parseFromString(part, "image/svg+xml").querySelector("svg.rest");
}

class NetworkPage {
  constructor(host, page, rows, rest) {
    Object.assign(this, { page, rows, rest, view: "weights" });
    this.several = page.networks.length > 1;
    this.networks = page.networks.map((data, n) => {
      const samples = new Samples(data, page);
      const network = new Network(data.shape);
      const one = { data, samples, network, tour: new Tour(samples, this.several ? phrase("of", { n: n + 1 }) : ""), sample: data.of > 1 ? null : 0 };
      network.pointed = (target, at) => this.point(network, target, at);
      network.picked = (target) => this.open(one, target);
      return one;
    });
    this.passes = new Passes(this.networks, Boolean(rest));
    this.picture = rest && pictureOfRest(pictureIn(host));
    this.picture?.setAttribute("font-family", "Arial,Helvetica,sans-serif");
    this.player = new Player(this.passes, page.pace * 2, () => this.moved(), () => !this.app.isConnected);
    this.moment = new Moment();
    this.root = host.attachShadow({ mode: "open" });
    this.root.append(el("style", {}, page.style), this.build());
    Page.prototype.follow.call(this, host);
    this.app.addEventListener("keydown", (event) => this.key(event));
    this.render();
  }

  build() {
    const { page } = this;
    this.switch = el("div", { class: "switch", role: "group", "aria-label": "What is shown" }, ...Object.entries(VIEWS).map(([view, said]) => {
      const why = this.lacks(view);
      return el("button", { type: "button", "data-view": view, disabled: Boolean(why), title: why, onclick: () => this.see(view) }, said);
    }));
    const bars = this.networks.map((one, n) => this.bar(one, n));
    this.card = el("div", { class: "card", hidden: true });
    this.around = el("button", { type: "button", class: "around", hidden: !this.rest, "aria-label": "What is around the network: open it", onclick: () => this.openRest() });
    if (this.picture) this.around.append(this.small());
    this.stage = el("div", { class: "net" }, ...(this.several ? this.networks.flatMap(({ network }, n) => [bars[n], network.element]) : [this.networks[0].network.element]), this.card);
    this.crumbs = el("nav", { class: "crumbs", "aria-label": "Breadcrumbs", hidden: true });
    this.inside = el("div", { class: "inside", hidden: true });
    const banner = el("div", { class: "banner", role: "note", hidden: !page.notes.length }, ...page.notes.map((note) => el("p", {}, note)));
    this.panel = el("div", { class: "reading" }, ...this.legend());
    const quiz = new NetworkQuiz(this);
    this.quiz = quiz.questions.any ? quiz : { on: false }; // of ops of a user's own there may be nothing to ask
    this.tools = el("div", { class: "tools" }, this.quiz.switch);
    const bar = el("div", { class: "bar" }, this.switch, this.several ? "" : bars[0]);
    this.outside = el("div", {}, bar, this.stage, this.moment.element, this.quiz.element, this.player.element, this.around);
    this.app = el(page.full ? "main" : "div", { class: page.full ? "app full networks" : "app networks", role: page.full ? "main" : "group", "aria-label": page.title }, el("header", {}, el("h1", {}, page.title), this.tools), banner, this.crumbs, this.outside, this.inside, this.panel);
    return this.app;
  }

  // The slider of a network's samples; below its name where there are several.
  bar(one, n) {
    const { data } = one;
    one.slider = el("input", { type: "range", min: -1, max: data.samples.length - 1, step: 1, value: -1, "aria-label": this.several ? `Sample of network ${n + 1}` : "Sample", oninput: () => this.at(one, Number(one.slider.value)) });
    one.which = el("span", { class: "counter", role: "status" });
    const slider = el("label", { class: "sample", hidden: data.of === 1 }, "Sample", one.slider, one.which);
    const sizes = [data.shape.inputs.length, ...data.shape.layers.map(({ size }) => size)].join("-");
    return this.several ? el("div", { class: "bar" }, el("b", {}, `Network ${n + 1}: ${sizes}`), slider) : slider;
  }

  // Why a view shows nothing; empty if it does.
  lacks(view) {
    const some = (name) => this.networks.some(({ samples }) => samples.parameters[name]);
    if (view === "gradients" && !some("gradients")) return "No gradient yet: call backward() first";
    return view === "changes" && !some("changes") ? "No parameter was changed since this graph was computed" : "";
  }

  small() {
    const svg = document.importNode(this.picture, true);
    const { width, height } = svg.viewBox.baseVal;
    for (const name of ["x", "y", "width", "height"]) svg.removeAttribute(name);
    svg.setAttribute("aria-hidden", "true");
    svg.style.aspectRatio = `${width} / ${height}`;
    this.around.style.width = `${(Math.min(1.2, 300 / height) * width / 15).toFixed(1)}em`;
    svg.querySelector("polygon")?.remove();
    return svg;
  }

  legend() {
    const swatch = (kind, said) => el("li", {}, el("span", { class: `swatch ${kind}` }, GLYPH[kind] ?? ""), said);
    return [el("details", {}, el("summary", {}, "How to read it"),
      el("ul", { class: "legend" }, swatch("positive", "plus: of a line the weight, of a neuron its bias"), swatch("negative", "minus"), swatch("leaf", "input")),
      el("p", { class: "hint" }, "A line is as wide as its number is large, beside the others of its layer. Gradients, activations and the last step are drawn in the same way. A click on a neuron opens its own graph."),
      el("p", { class: "hint" }, "Keys: ← → ↑ ↓ go from neuron to neuron, Enter opens one, Backspace leads back, space plays."))];
  }

  see(view) {
    this.view = view;
    this.render();
  }

  // Networks of equally many samples go together.
  at({ data }, k) {
    for (const one of this.networks) if (one.data.of === data.of) one.sample = k < 0 ? null : k;
    if (this.quiz.on) this.quiz.turn(true);
    else this.render();
  }

  moved() {
    if (this.player.position !== null) this.begin();
    this.render();
  }

  // A pass is of one sample.
  begin() {
    for (const one of this.networks) one.sample ??= 0;
  }

  render() {
    const { position } = this.player;
    this.networks.forEach(({ network, samples, sample, data, slider, which }, n) => {
      const numbers = samples.at(sample);
      network.marked = this.passes.moment(position, n);
      if (this.quiz.on) network.show(this.quiz.known(numbers, network.marked, n), "activations");
      else network.show(numbers, this.view);
      slider.value = sample ?? -1;
      const of = data.of.toLocaleString("en");
      which.textContent = sample === null ? `mean of ${of}` : `${(data.samples[sample] + 1).toLocaleString("en")} of ${of}`;
    });
    for (const one of this.switch.children) one.setAttribute("aria-pressed", one.dataset.view === this.view);
    this.around.classList.toggle("now", this.passes.steps[position - 1]?.kind === "rest");
    if (this.quiz.on) {
      this.quiz.say(this.moment, position);
      this.quiz.mark();
    }
    if (!this.quiz.on) this.moment.say(...(position === null ? this.said() : this.passes.told(position, this.rows)));
    this.player.show(this.moment.text);
  }

  said() {
    const [{ data, sample }] = this.networks;
    const some = data.samples.length < data.of ? ` On this page are ${data.samples.length} of ${data.of.toLocaleString("en")} samples, evenly spaced, and the mean of all.` : "";
    const what = { weights: "Lines are weights, and each neuron shows its bias.", gradients: `Lines are gradients of weights${this.page.trained ? " in the last step, the mean over its batch" : ""}, and each neuron shows that of its bias.`, activations: `Each neuron shows its output${sample === null ? ", the mean over the samples" : ""}.`, changes: `Lines are what ${this.page.trained ? "the last step added to weights" : "was added to weights since this graph was computed"}, and each neuron shows that of its bias.` }[this.view];
    return [VIEWS[this.view], [what], `Play goes forward layer by layer${this.page.passed ? ", then back with the gradients" : ""}. Point at a line or a neuron for its numbers, click a neuron for its own graph.${some}`];
  }
}
