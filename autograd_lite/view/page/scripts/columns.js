// The places of a network's nodes and lines, and what is said of them.

const NODE = 15;
const HEAD = 46;

Object.assign(Network.prototype, {
  // The nodes of a column: each holds one neuron, and the last perhaps those that matter less.
  spots(column) {
    const all = Array.from({ length: this.size(column) }, (_, j) => [j]);
    if (all.length <= this.most || this.unfolded.has(column - 1)) return all;
    const weight = this.weight(column);
    const kept = [...all.keys()].sort((a, b) => weight[b] - weight[a]).slice(0, this.most - 2);
    return [...kept.sort((a, b) => a - b).map((j) => [j]), [...all.keys()].filter((j) => !kept.includes(j))];
  },

  // How much each neuron of a column matters: the sizes of the weights to it and from it.
  weight(column) {
    const { weights } = this.numbers;
    const norm = (all) => sqrt(all.reduce((sum, w) => sum + w * w, 0));
    const into = (j) => (column ? norm(weights[column - 1][j]) : 1);
    const from = (j) => (column < weights.length ? norm(weights[column].map((row) => row[j])) : 1);
    return Array.from({ length: this.size(column) }, (_, j) => into(j) * from(j));
  },

  build() {
    const held = Array.from({ length: this.shape.layers.length + 1 }, (_, column) => this.spots(column));
    const under = drawn("g", { class: "lines" });
    this.lines = [];
    this.shape.layers.forEach((_, layer) => {
      for (const to of held[layer + 1]) for (const from of held[layer]) this.lines.push(this.line(under, layer, from, to));
    });
    this.columns = held.map((spots, column) => spots.map((held) => this.node(column, held)));
    this.heads = held.map((_, column) => this.head(column));
    this.element.replaceChildren(under, ...this.columns.flat().map(({ group }) => group), ...this.heads);
    this.columns.flat().find(({ held }) => held.length === 1)?.group.setAttribute("tabindex", "0");
    this.width = 0;
    this.resize();
  },

  line(under, layer, from, to) {
    const line = drawn("path", { class: "line" });
    if (from.length === 1 && to.length === 1) {
      const target = { layer, neuron: to[0], weight: from[0] };
      const group = drawn("g", { class: "weight", "data-target": JSON.stringify(target) });
      group.append(line);
      under.append(group);
    } else {
      under.append(line);
    }
    return { line, layer, from, to };
  },

  node(column, held) {
    const more = held.length > 1;
    const target = { layer: column - 1, neuron: held[0], ...(more ? { more: true } : {}) };
    const group = drawn("g", { class: more ? "neuron more" : "neuron", role: "button", tabindex: -1, "data-target": JSON.stringify(target) });
    const disc = more ? drawn("rect", { rx: 9, height: 34 }) : drawn("circle", {});
    const text = drawn("text", { "text-anchor": "middle", dy: "0.35em" });
    group.append(disc, text);
    if (more) {
      const kind = column ? "neurons" : "inputs";
      text.replaceChildren(...[`… and ${held.length.toLocaleString("en")}`, `more ${kind}`].map((said, k) => {
        const part = drawn("tspan", { x: 0, y: k ? 9 : -3 });
        part.textContent = said;
        return part;
      }));
      group.setAttribute("aria-label", `and ${held.length} more ${kind}, which matter less; opens with Enter`);
    } else if (!column) {
      const name = drawn("text", { class: "label", "text-anchor": "end", dy: "0.35em" });
      name.textContent = cut(this.shape.inputs[held[0]], 12);
      group.append(name);
    }
    return { group, disc, text, held };
  },

  head(column) {
    const layer = this.shape.layers[column - 1];
    const group = drawn("g", { class: "head", "aria-hidden": "true" });
    const parts = layer ? [layer.name, `${layer.size} ${layer.activation || "linear"}`] : ["inputs", `${this.size(0)}`];
    parts.forEach((said, k) => {
      const text = drawn("text", { "text-anchor": "middle", y: 16 + 13 * k, class: k ? "soft" : "" });
      text.textContent = said;
      group.append(text);
    });
    return group;
  },

  resize() {
    const room = this.element.parentNode?.clientWidth || 640;
    if (!this.columns || room === this.width) return;
    this.width = room;
    // with the letters of a very large page
    const scale = Math.max(1, parseFloat(getComputedStyle(this.element).fontSize) / 17 || 1);
    const width = room / scale;
    const rows = Math.max(...this.columns.map((spots) => spots.length));
    const radius = NODE;
    const pitch = Math.min(Math.max(320 / rows, 2 * radius + 5), 54);
    const left = radius + 12 + 5.6 * Math.max(...this.shape.inputs.map((name) => Math.min(name.length, 12)));
    const right = radius + 26;
    const gap = Math.min((width - left - right) / Math.max(this.columns.length - 1, 1), 230);
    const start = left + Math.max(0, (width - left - right - gap * (this.columns.length - 1)) / 2);
    const height = HEAD + rows * pitch + 8;
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.style.height = `${height * scale}px`;
    this.columns.forEach((spots, column) => {
      const x = start + gap * column;
      const own = Math.min((pitch * rows) / spots.length, 1.5 * pitch);
      const top = HEAD + (rows * pitch - spots.length * own) / 2 + own / 2;
      this.heads[column].setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
      spots.forEach((spot, k) => this.put(spot, x, top + k * own, radius, gap));
    });
    for (const line of this.lines) this.draw(line, radius);
  },

  put(spot, x, y, radius, gap) {
    Object.assign(spot, { x, y });
    spot.group.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    spot.group.querySelector(".label")?.setAttribute("x", -radius - 6);
    if (spot.held.length === 1) {
      spot.disc.setAttribute("r", radius);
    } else {
      const width = Math.min(76, gap - 8);
      for (const [name, value] of [["x", -width / 2], ["y", -15], ["width", width]]) spot.disc.setAttribute(name, value);
    }
  },

  draw(made, radius) {
    const { line, layer, from, to } = made;
    const spot = (column, held) => this.columns[column].find((one) => one.held[0] === held[0]);
    const [a, b] = [spot(layer, from), spot(layer + 1, to)];
    const reach = ({ held }) => (held.length > 1 ? 38 : radius);
    const [x1, x2] = [a.x + reach(a), b.x - reach(b)];
    const bend = (x2 - x1) * 0.42;
    Object.assign(made, { corners: [[x1, a.y], [x1 + bend, a.y], [x2 - bend, b.y], [x2, b.y]], places: null });
    const [start, ...others] = made.corners.map((place) => place.map((x) => x.toFixed(1)).join(" "));
    line.setAttribute("d", `M${start}C${others.join(" ")}`);
  },

  name({ layer, neuron, weight }) {
    if (layer < 0) return this.shape.inputs[neuron];
    const place = `${this.shape.layers[layer].name} · neuron ${neuron}`;
    return weight === undefined ? place : `${place} · w${weight}`;
  },

  told(target) {
    const { layer, neuron, weight } = target;
    const { numbers } = this;
    const parts = [];
    const add = (name, x) => x !== undefined && x !== null && parts.push(`${name}${brief(x)}`);
    const of = (all) => (weight === undefined ? all?.biases[layer][neuron] : all?.weights[layer][neuron][weight]);
    if (weight !== undefined) {
      return `${this.name(target)} = ${brief(of(numbers))}, ${numbers.gradients ? `grad ${brief(of(numbers.gradients))}` : "no gradient yet"}${numbers.changes ? `, last step ${brief(of(numbers.changes))}` : ""}`;
    }
    if (layer >= 0) add("bias ", of(numbers));
    if (layer >= 0) add("grad of bias ", of(numbers.gradients));
    if (layer >= 0 && numbers.changes) add("last step ", of(numbers.changes));
    add(layer < 0 ? "= " : "output ", numbers.activations?.[layer + 1][neuron]);
    add("grad of output ", layer < 0 ? null : numbers.adjoints?.[layer + 1][neuron]);
    return `${this.name(target)}${layer < 0 ? " " : ": "}${parts.join(", ")}`;
  },

  // Arrow keys go from neuron to neuron.
  key(event) {
    const target = this.target(event.target);
    const by = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!target || !(by || event.key === "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!by) {
      this.pick(event.target);
      return;
    }
    const inside = (k, all) => Math.max(0, Math.min(k, all.length - 1));
    const column = inside(target.layer + 1 + by[0], this.columns);
    const from = this.columns[target.layer + 1].findIndex(({ held }) => held[0] === target.neuron);
    const { group } = this.columns[column][inside(from + by[1], this.columns[column])];
    for (const spot of this.columns.flat()) spot.group.setAttribute("tabindex", "-1");
    group.setAttribute("tabindex", "0");
    group.focus();
  },
});
