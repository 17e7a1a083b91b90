/* The network as it is drawn, the numbers of one sample, and their graph. */

const VIEWS = { weights: "weights", gradients: "gradients", activations: "activations of a sample", changes: "last step" };
const MOST_BOXES = 70;

class Sample {
  constructor(lab) {
    this.lab = lab;
    this.turn = 0;
    this.stage = el("div", { class: "stage-of" });
    this.buttons = Object.entries(VIEWS).map(([view, words]) => el("button", { type: "button", onclick: () => { lab.view = view; this.show(); } }, words));
    this.waits = el("span", { class: "waits" });
    this.views = el("div", { class: "choice", role: "group", "aria-label": "What the drawing shows" }, ...this.buttons, this.waits);
    this.slider = el("input", { type: "range", min: 0, step: 1, "aria-label": "Sample", oninput: () => lab.choose(Number(this.slider.value)) });
    this.told = el("p", { class: "numbers-of" });
    this.said = el("p", { class: "hint", role: "status" });
    this.opener = el("button", { type: "button", onclick: () => this.open(null) }, "Graph of this sample");
    this.key = el("p", { class: "drawn-as" });
    this.network = el("section", { class: "card-of", "aria-label": "Network" }, this.views, this.stage, this.key, this.said, el("div", { class: "row-of" }, el("label", { class: "sampler" }, "Sample ", this.slider), this.opener), this.told);
    this.host = el("section", { class: "graph", "aria-label": "Graph of the sample" });
    const back = el("button", { type: "button", class: "home", onclick: () => this.leave() }, "← Back to the network");
    this.element = el("div", { class: "opened", hidden: true }, back, this.host);
  }

  renew() {
    const { lab } = this;
    const { network } = lab;
    const shape = {
      inputs: network.inputs.map((_, k) => `x${k}`),
      layers: network.layers.map(({ activation, size }, k) => ({ name: `layer ${k}`, activation, size })),
    };
    this.drawing = new Network(shape);
    this.drawing.pointed = (target) => { this.said.textContent = target ? this.drawing.told(target) : HINTS[lab.view] ?? HINT; };
    this.drawing.picked = (target) => this.open(target);
    this.stage.replaceChildren(this.drawing.element);
    this.close();
  }

  leave() {
    this.close();
    this.network.scrollIntoView({ block: "nearest", behavior: "smooth" });
    this.drawing.element.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  }

  close() {
    this.turn++;
    this.element.hidden = true;
    this.host.replaceChildren();
    this.at = null;
  }

  show() {
    const { lab } = this;
    const point = lab.points[lab.chosen];
    const numbers = lab.network.numbers(point);
    if (!numbers[lab.view] && lab.view !== "weights") lab.view = "weights";
    if (this.said.dataset.view !== lab.view) this.drawing.pointed(null);
    if (this.said.dataset.view !== lab.view) this.key.replaceChildren(...drawnAs(lab.view));
    this.said.dataset.view = lab.view;
    this.drawing.show(numbers, lab.view);
    Object.keys(VIEWS).forEach((view, k) => {
      this.buttons[k].setAttribute("aria-pressed", String(view === lab.view));
      const missing = view !== "weights" && !numbers[view];
      Object.assign(this.buttons[k], { disabled: missing, title: missing ? WAITS[view] : "" });
    });
    const waiting = ["gradients", "changes"].filter((view) => !numbers[view]);
    this.waits.textContent = waiting.length ? `${waiting.map((view) => VIEWS[view]).join(" and ")}: after the first step` : "";
    this.slider.max = Math.max(0, lab.points.length - 1);
    this.slider.value = lab.chosen;
    this.slider.disabled = this.opener.disabled = !point;
    if (!point) {
      this.told.textContent = "Click into the square to add points.";
      this.close();
      return;
    }
    const { tape, output, loss } = lab.network;
    const share = lab.network.probability(tape.data[output.node]);
    this.slider.setAttribute("aria-valuetext", `sample ${lab.chosen}`);
    this.told.replaceChildren(`Sample ${lab.chosen}: inputs ${point.x.map((x) => brief(x)).join(", ")}, target ${brief(lab.network.targetOf(point))}, output `, el("b", { "data-exact": exactly(tape.data[output.node]) }, brief(tape.data[output.node])), share === null ? "" : ` (before the sigmoid; probability of class 1: ${brief(share, 3)})`, ", loss ", el("b", { "data-exact": exactly(tape.data[loss.node]) }, brief(tape.data[loss.node])));
    if (this.at && !lab.running) this.open(this.at.target, false);
  }

  /* The graph of the sample: of all of it, or of the neuron that was picked. */
  async open(target, moves = true) {
    const { lab } = this;
    const point = lab.points[lab.chosen];
    if (!point || (target && target.layer < 0)) return;
    const turn = ++this.turn;
    this.at = { target };
    const neuron = target && lab.network.layers[target.layer].neurons[target.neuron];
    const whole = lab.network.nodes.length <= MOST_BOXES || !neuron;
    const nodes = recorded(lab.network.graph(point, whole ? null : neuron), lab.network.building.rows);
    const name = neuron ? `layer ${target.layer} · neuron ${target.neuron}` : "the loss";
    const title = whole ? `Graph of sample ${lab.chosen}` : `Graph of ${name} at sample ${lab.chosen}, with gradients of its own output`;
    const made = await opened(lab.desk.layout, nodes, lab.network.building.rows, title, lab.desk.style);
    if (turn !== this.turn) return;
    this.element.hidden = false;
    this.host.replaceChildren(made.host);
    const page = (this.page = made.start(this.page?.helping));
    const raw = neuron && (target.weight === undefined ? neuron.out.node : neuron.weights[target.weight]);
    const box = raw ? nodes.findIndex((node) => node.raw === raw) : -1;
    if (box >= 0) {
      page.select(box);
      page.reveal(box);
    }
    if (moves) this.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
}

const WAITS = { gradients: "after the first step", changes: "after the first step", activations: "once there are points" };
/* What lines and circles of each view are. */
const DRAWN = { weights: ["weight", "bias"], gradients: ["gradient of a weight", "gradient of a bias"], activations: ["weight", "output of the neuron at this sample"], changes: ["what the last step added to a weight", "what it added to a bias"] };

function drawnAs(view) {
  const [line, circle] = DRAWN[view];
  const mark = (kind, tag, props) => {
    const made = drawn("svg", { class: kind, viewBox: "0 0 30 18", "aria-hidden": "true" });
    made.append(drawn(tag, props));
    return made;
  };
  const path = { d: "M1 9H29" };
  return [
    el("span", {}, `Line: ${line}, as wide as its size`), el("span", {}, mark("positive", "path", path), "+"), el("span", {}, mark("negative", "path", path), "−"),
    el("span", {}, mark("", "circle", { cx: 15, cy: 9, r: 7.5 }), `Circle: ${circle}`),
  ];
}

const HINT = "Click a neuron or a line to open its numbers as a graph.";
const HINTS = {
  gradients: "The mean over the last batch. A click opens the graph of one sample, with the gradients of that one alone.",
  changes: "What the last step added to each number.",
};
