// The picture of a network with one hidden layer, at a moment of a pass.

// Where things stand in the picture, and which line a weight is.
const PLACES = { x1: [36, 82], x2: [36, 242], h1: [198, 82], h2: [198, 242], y: [352, 162], loss: [456, 162] };
// Of a weight: where it leads from and to, and where on the line, and how far from it, its numbers stand.
const LINES = {
  w11: ["x1", "h1", 0.5, 0, -7, 14], w12: ["x2", "h1", 0.34, 8, 12, 26], w21: ["x1", "h2", 0.26, 8, -12, 2], w22: ["x2", "h2", 0.5, 0, -7, 14],
  v1: ["h1", "y", 0.42, 8, -16, -2], v2: ["h2", "y", 0.42, 8, 14, 28],
};
const BIASES = { b1: "h1", b2: "h2", c: "y" };
const RADIUS = 29;

class HiddenPicture {
  constructor(index) {
    this.index = index;
    this.element = drawn("svg", { class: "chart network", viewBox: "0 8 492 286", role: "img" });
  }

  // What is known: the numbers, and of which nodes; gradients, and which have arrived; what takes part in this step.
  show({ numbers, computed, grad, arrived, back, touched }) {
    const { index } = this;
    const known = (name) => computed.has(index[name]);
    const now = (...names) => names.some((name) => touched.has(name));
    const value = (name) => numbers.data[index[name]];
    const gradient = (name, x, y, anchor = "middle", called = "") => (arrived.has(index[name]) ? [this.text(x, y, [called, grad[index[name]]], "gradient", anchor)] : []);
    const [marks, labels] = [[], []];
    for (const [name, [from, to, share, dx, dy, below]] of Object.entries(LINES)) {
      const [[x1, y1], [x2, y2]] = [PLACES[from], PLACES[to]];
      const w = value(name);
      // back, a line that brings its weight or the neuron behind it a gradient
      const on = back ? now(name) || (now(from) && now(to)) : now(name);
      marks.push(drawn("line", { class: `${signOf(w)} ${on ? "flowing" : ""} ${back ? "back" : ""}`, x1: x1 + RADIUS, y1, x2: x2 - RADIUS, y2, "stroke-width": (0.8 + 2.4 * Math.min(fabs(w), 3)).toFixed(2) }));
      const [x, y] = [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
      const anchor = dx ? "start" : "middle";
      labels.push(this.text(x + dx, y + dy, [`${name} `, w], on ? "weight on" : "weight", anchor), ...gradient(name, x + dx, y + below, anchor));
    }
    const flows = (name) => `zero ${now(name) ? "flowing" : ""} ${back ? "back" : ""}`;
    marks.push(drawn("line", { class: flows("error"), x1: PLACES.y[0] + RADIUS, y1: 162, x2: 424, y2: 162, "stroke-width": 1.6 }), drawn("line", { class: "zero", x1: 456, y1: 226, x2: 456, y2: 185, "stroke-width": 1.6 }));
    for (const [name, to] of Object.entries(BIASES)) {
      const [x, y] = PLACES[to];
      const top = y - RADIUS - 9;
      labels.push(this.text(x, top, [`${name} `, value(name)], now(name) ? "weight on" : "weight"), ...gradient(name, x, top - 14));
    }
    for (const name of ["x1", "x2", "h1", "h2", "y"]) {
      const [x, y] = PLACES[name];
      const sum = name.replace("h", "s");
      const seen = known(name) || !(sum in index) ? name : sum;
      marks.push(drawn("circle", { class: `neuron ${now(name, sum) ? "on" : ""} ${known(seen) ? "" : "pending"}`, cx: x, cy: y, r: RADIUS }));
      labels.push(this.text(x, y - 5, [known(seen) ? seen : name], "name"), ...(known(seen) ? [this.text(x, y + 12, [value(seen)], "value")] : []));
      const inner = arrived.has(index[sum]) ? sum : name;
      if (!name.startsWith("x")) labels.push(...gradient(inner, x, y + RADIUS + 15, "middle", `${inner} `));
    }
    const seen = known("loss") ? "loss" : "error";
    marks.push(drawn("rect", { class: `neuron ${now("loss", "error") ? "on" : ""} ${known("error") ? "" : "pending"}`, x: 424, y: 139, width: 64, height: 46, rx: 9 }));
    labels.push(this.text(456, 157, [seen], "name"), ...(known(seen) ? [this.text(456, 174, [value(seen)], "value")] : []));
    labels.push(...gradient("error", 490, 130, "end", "error "), this.text(456, 240, ["target"], "name"), this.text(456, 256, [value("target")], "value"));
    this.element.replaceChildren(...marks, ...labels);
  }

  // A line of text, with numbers that can be read exactly.
  text(x, y, parts, name, anchor = "middle") {
    const made = drawn("text", { x, y, class: `${name} ${anchor}` });
    for (const part of parts) {
      const piece = drawn("tspan", typeof part === "number" ? { "data-exact": exactly(part), ...(name === "gradient" ? { class: signOf(part) } : {}) } : {});
      piece.textContent = typeof part === "number" ? brief(part, 3).replace("-", "−") : part;
      made.append(piece);
    }
    return made;
  }
}
