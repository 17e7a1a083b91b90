// A network as layers of neurons: columns of round nodes, with weights as lines between them. It is given plain
// numbers and stands on elements.js and numbers.js alone, so that any page can show a network with it.
//
// const network = new Network({
//   inputs: ["x0", "x1"],                                        names of the inputs
//   layers: [{ name: "layer 0", activation: "tanh", size: 8 }],  in order; the last one gives the outputs
// });
// network.element                     the <svg>, to be put in a stage; it follows the width of that
// network.show(numbers, view)         draws numbers; the view is "weights", "gradients", "activations" or "changes"
// network.mark(moment)                of the player: see there
// network.told(target)                a target in words: "layer 2 · neuron 0 · w3 = 0.41, grad -0.02"
// network.pointed = (target, at) => …   the mouse or the focus is on something; null: on nothing
// network.picked = (target) => …        a neuron or a weight was clicked
// A target is { layer, neuron, weight }: a layer of -1 is the inputs, without a weight it is the neuron.
//
// numbers = {
//   weights: [layer][neuron][input], biases: [layer][neuron],
//   gradients: { weights, biases },                              of the same shapes, or null: there was no pass
//   changes: { weights, biases },                                of the last step, or null: there was none
//   activations: [column][neuron], adjoints: [column][neuron],   column 0 is the inputs; or null: no sample is known
// }

const THICKEST = 4.6;
const CROWDED = 100;

class Network {
  constructor(shape, most = 16) {
    Object.assign(this, { shape, most, view: "weights", numbers: null, pointed: () => {}, picked: () => {} });
    this.element = drawn("svg", { class: "network", role: "group", "aria-label": this.title });
    this.unfolded = new Set();
    new ResizeObserver(() => this.resize()).observe(this.element);
    for (const name of ["pointermove", "focusin"]) this.element.addEventListener(name, (event) => this.point(event));
    for (const name of ["pointerleave", "focusout"]) this.element.addEventListener(name, () => this.pointed((this.at = null)));
    this.element.addEventListener("click", (event) => this.pick(this.meant(event)));
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  get title() {
    return `Network ${[this.shape.inputs.length, ...this.shape.layers.map(({ size }) => size)].join("-")}`;
  }

  size(column) {
    return column ? this.shape.layers[column - 1].size : this.shape.inputs.length;
  }

  show(numbers, view = this.view) {
    const first = !this.numbers;
    Object.assign(this, { numbers, view });
    if (first) this.build();
    this.paint();
  }

  // What a view is of: numbers of the lines, and of the nodes.
  seen() {
    const { numbers, view } = this;
    const of = { gradients: numbers.gradients, changes: numbers.changes }[view] ?? numbers;
    const nodes = this.marked ? (this.marked.back && numbers.adjoints) || numbers.activations : view === "activations" ? numbers.activations : null;
    return { weights: of.weights, nodes: nodes ?? [this.shape.inputs.map(() => null), ...of.biases] };
  }

  paint() {
    const { weights, nodes } = this.seen();
    const largest = (all) => all.reduce((most, x) => (fabs(x) > most && fabs(x) < Infinity ? fabs(x) : most), 0);
    const top = weights.map((layer) => largest(layer.flat()));
    for (const { line, layer, from, to } of this.lines) {
      const x = this.between(weights[layer], from, to);
      const share = top[layer] ? Math.min(fabs(x) / top[layer], 1) || 0 : 0;
      const thick = THICKEST * (weights[layer].length * weights[layer][0].length > CROWDED ? 0.65 : 1);
      line.style.strokeWidth = (0.3 + (thick - 0.3) * share).toFixed(2);
      line.style.strokeOpacity = (0.1 + 0.85 * share * share).toFixed(2);
      line.setAttribute("class", `line ${from.length > 1 || to.length > 1 ? "several" : signOf(x)}`);
    }
    this.columns.forEach((spots, column) => {
      const most = largest(nodes[column]);
      for (const { group, disc, text, held } of spots) {
        if (held.length > 1) continue;
        const x = nodes[column][held[0]];
        const known = x !== null && x !== undefined;
        text.textContent = known ? short(x) : "";
        disc.style.setProperty("--share", known && most ? `${(12 + 58 * Math.min(fabs(x) / most, 1)).toFixed(0)}%` : "0%");
        group.setAttribute("class", `neuron ${column ? "" : "input"} ${known ? signOf(x) : ""}`);
        group.setAttribute("aria-label", this.told({ layer: column - 1, neuron: held[0] }));
      }
    });
    this.remark();
  }

  // One weight, or the size of several: their root mean square.
  between(layer, from, to) {
    if (from.length === 1 && to.length === 1) return layer[to[0]][from[0]];
    const all = to.flatMap((j) => from.map((i) => layer[j][i]));
    return sqrt(all.reduce((sum, w) => sum + w * w, 0) / all.length);
  }

  // The moment of a pass: { now: column, back: whether gradients go back }; null: everything is known.
  mark(moment) {
    this.marked = moment;
    this.paint();
  }

  remark() {
    const moment = this.marked;
    const waits = (column) => Boolean(moment) && (moment.back ? column < moment.now : column > moment.now);
    this.columns.forEach((spots, column) => {
      for (const { group } of spots) {
        group.classList.toggle("pending", waits(column));
        group.classList.toggle("now", moment?.now === column);
      }
    });
    for (const { line, layer } of this.lines) {
      const now = moment && moment.now === (moment.back ? layer : layer + 1);
      line.classList.toggle("flowing", Boolean(now));
      line.classList.toggle("back", Boolean(now && moment.back));
      line.classList.toggle("pending", !now && (waits(layer) || waits(layer + 1)));
    }
  }

  target(element) {
    const found = element.closest?.("[data-target]");
    return found && this.element.contains(found) ? JSON.parse(found.dataset.target) : null;
  }

  pick(element) {
    const target = this.target(element);
    if (target?.more) {
      this.unfolded.add(target.layer);
      this.build();
      this.paint();
    } else if (target) {
      this.picked(target);
    }
  }
}

// A number in at most five characters.
function short(x) {
  if (special(x) || x === 0) return brief(x);
  const size = fabs(x);
  if (size < 0.005 || size >= 999.5) return x.toExponential(0).replace("e+", "e");
  return String(Number(x.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)));
}
