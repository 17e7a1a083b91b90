/* What the network says everywhere: a decision surface with the points, or a curve through them. */

const GRID = 44;

class Surface {
  /* `lab` has points, network, chosen (a point's number), and is told of clicks. */
  constructor(lab) {
    this.lab = lab;
    this.canvas = el("canvas", { class: "heat", "aria-hidden": "true", width: GRID, height: GRID });
    this.svg = drawn("svg", { class: "points", role: "application", tabindex: 0, viewBox: "0 0 300 300" });
    this.under = drawn("g", {});
    this.dots = drawn("g", {});
    this.svg.append(this.under, this.dots);
    this.element = el("div", { class: "surface" }, this.canvas, this.svg);
    this.cross = [0, 0];
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      this.click(event, true);
    });
    this.svg.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["focus", "blur"]) this.svg.addEventListener(name, () => this.marks());
  }

  get flat() {
    return this.lab.inputs === 1;
  }

  /* Half of the width and of the height that is shown. */
  get reach() {
    return this.flat ? [2.6, 5.6] : [1.6, 1.6];
  }

  place([x, y]) {
    const [w, h] = this.reach;
    return [150 * (1 + x / w), 150 * (1 - y / h)];
  }

  at(event) {
    const frame = this.svg.getBoundingClientRect();
    const [w, h] = this.reach;
    const round = (x) => Number(x.toFixed(2));
    return [round(w * ((2 * (event.clientX - frame.left)) / frame.width - 1)), round(h * (1 - (2 * (event.clientY - frame.top)) / frame.height))];
  }

  spot(point) {
    return this.place(this.flat ? [point.x[0], point.wanted] : point.x);
  }

  click(event, other = event.shiftKey || event.altKey) {
    const point = event.target.closest("[data-point]");
    if (point && !other) this.lab.choose(Number(point.dataset.point));
    else this.lab.add(this.at(event), other);
  }

  key(event) {
    const [w, h] = this.reach;
    const step = event.shiftKey ? 0.02 : 0.1;
    const moves = { ArrowLeft: [-w * step, 0], ArrowRight: [w * step, 0], ArrowUp: [0, h * step], ArrowDown: [0, -h * step] };
    if (moves[event.key]) {
      this.cross = this.cross.map((x, k) => Number(Math.min(Math.max(x + moves[event.key][k], -this.reach[k]), this.reach[k]).toFixed(3)));
      this.marks();
    } else if (event.key === "Enter" || event.key === " ") this.lab.add([...this.cross], event.shiftKey);
    else if (event.key === "Delete" || event.key === "Backspace") this.lab.remove();
    else return;
    event.preventDefault();
  }

  /* From -1 to 1: how sure the network is of a class. */
  sureness(out) {
    const share = this.lab.network.probability(out);
    return share === null ? Math.max(-1, Math.min(1, out)) : 2 * share - 1;
  }

  show() {
    const { network } = this.lab;
    const style = getComputedStyle(this.element);
    if (this.flat) {
      const [w] = this.reach;
      this.line = Array.from({ length: 121 }, (_, k) => w * (k / 60 - 1)).map((x) => this.place([x, network.predict([x])]));
      this.outs = null;
    } else {
      const [w, h] = this.reach;
      this.outs = Array.from({ length: GRID }, (_, r) => Array.from({ length: GRID }, (_, c) => network.predict([w * ((2 * (c + 0.5)) / GRID - 1), h * (1 - (2 * (r + 0.5)) / GRID)])));
      this.paint(["--stage", "--cold", "--warm"].map((name) => style.getPropertyValue(name)));
    }
    this.canvas.hidden = this.flat;
    this.marks();
  }

  paint(colours) {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    const [ground, cold, warm] = colours.map((text) => {
      context.fillStyle = text.trim();
      context.fillRect(0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data;
    });
    const image = context.createImageData(GRID, GRID);
    this.outs.flat().forEach((out, i) => {
      const sure = this.sureness(out);
      const to = sure > 0 ? warm : cold;
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = ground[k] + (to[k] - ground[k]) * Math.min(1, fabs(sure) || 0);
      image.data[4 * i + 3] = 255;
    });
    context.putImageData(image, 0, 0);
  }

  /* Where the output is 0: pieces of lines between the places where neighbours differ in sign. */
  border() {
    const { outs } = this;
    const pieces = [];
    const size = 300 / GRID;
    const at = (r, c) => [(c + 0.5) * size, (r + 0.5) * size];
    for (let r = 0; r < GRID - 1; r++) {
      for (let c = 0; c < GRID - 1; c++) {
        const corners = [[r, c], [r, c + 1], [r + 1, c + 1], [r + 1, c]];
        const cuts = corners.flatMap(([a, b], k) => {
          const [p, q] = corners[(k + 1) % 4];
          const [from, to] = [outs[a][b], outs[p][q]];
          if (from > 0 === to > 0) return [];
          const share = from / (from - to);
          const [start, end] = [at(a, b), at(p, q)];
          return [start.map((x, i) => (x + share * (end[i] - x)).toFixed(1)).join(" ")];
        });
        for (let k = 0; k + 1 < cuts.length; k += 2) pieces.push(`M${cuts[k]}L${cuts[k + 1]}`);
      }
    }
    return pieces.join("");
  }

  marks() {
    const { lab } = this;
    const under = this.flat ? [drawn("path", { class: "axis", d: "M0 150H300M150 0V300" }), drawn("polyline", { class: "fit", points: this.line.map((p) => p.map((x) => Math.max(-900, Math.min(1200, x)).toFixed(1)).join(",")).join(" ") })] : [drawn("path", { class: "border", d: this.border() })];
    if (this.svg.matches(":focus-visible")) {
      const [x, y] = this.place(this.cross);
      under.push(drawn("path", { class: "cross", d: `M${x - 9} ${y}H${x + 9}M${x} ${y - 9}V${y + 9}` }));
    }
    this.under.replaceChildren(...under);
    // points stay where they are while the network learns
    const now = JSON.stringify([lab.points, lab.chosen, this.cross]);
    if (now === this.shown) return;
    this.shown = now;
    this.dots.replaceChildren(...lab.points.map((point, k) => this.dot(point, k)));
    const kind = this.flat ? "curve of the network" : "decision surface";
    this.svg.setAttribute("aria-label", `Points and the ${kind}: ${lab.points.length} points. Arrows move a cross, at ${this.cross.join(", ")}; Enter puts a point there${this.flat ? "" : ", Shift and Enter one of the other class"}; Delete removes the chosen one.`);
  }

  dot(point, k) {
    const [x, y] = this.spot(point);
    const name = this.flat ? "number" : point.wanted ? "one" : "zero-of";
    const mark = name === "zero-of" ? drawn("rect", { x: x - 5, y: y - 5, width: 10, height: 10, rx: 1.5 }) : drawn("circle", { cx: x, cy: y, r: 5.6 });
    mark.setAttribute("class", `${name}${k === this.lab.chosen ? " chosen" : ""}`);
    mark.dataset.point = k;
    return mark;
  }
}
