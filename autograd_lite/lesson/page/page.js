// The lesson's page, on top of the page of a graph (view). page.py makes a Lesson of what it knows.
// Every number that follows a slider comes from the recorded graphs, by the rules of their ops.

class Lesson {
  constructor(data, loss, chain, absolute, hidden) {
    Object.assign(this, { data, whatIf: loss.whatIf, graph: loss.graph, chain, absolute });
    this.weight = this.node("W");
    this.now = { ...data.controls };
    this.charts = new Map([...document.querySelectorAll("[data-chart]")].map((svg) => [svg.dataset.chart, new Chart(svg)]));
    for (const element of document.querySelectorAll("[data-live]")) element.hidden = false;
    for (const input of document.querySelectorAll("[data-control]")) {
      input.addEventListener("input", () => this.set(input.dataset.control, Number(input.value)));
    }
    for (const button of document.querySelectorAll("[data-reset]")) {
      button.addEventListener("click", () => {
        for (const name of button.dataset.reset.split(" ")) this.set(name, data.controls[name]);
      });
    }
    // a weight that is dragged in the drawing moves the sliders, too
    this.whatIf.followers.push(() => {
      const W = this.whatIf.numbers.data[this.weight];
      if (W !== this.now.W) this.set("W", W);
    });
    this.story = new Story(hidden, document.querySelector(".story"), this);
    this.chain.whatIf.followers.push(() => this.ofChain());
    for (const name of Object.keys(this.now)) this.set(name, this.now[name]);
    this.follow();
    this.widths();
  }

  // A table that is wider than its place says so, and can be scrolled by keys.
  widths() {
    const wide = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const scrolls = target.scrollWidth > target.clientWidth + 1;
        target.classList.toggle("wide", scrolls);
        const said = { tabindex: 0, role: "region", "aria-label": `Table ${target.dataset.number}, scrolls sideways` };
        for (const [name, value] of Object.entries(said)) {
          if (scrolls || (name === "tabindex" && target.scrollHeight > target.clientHeight + 1)) target.setAttribute(name, value);
          else target.removeAttribute(name);
        }
      }
    });
    document.querySelectorAll(".table").forEach((table, i) => {
      table.dataset.number = i + 1;
      wide.observe(table);
    });
  }

  node(name, graph = this.graph) {
    return graph.nodes.findIndex((node) => node.name === name);
  }

  set(name, x) {
    const inputs = [...document.querySelectorAll(`[data-control="${name}"]`)];
    const [{ min, max }] = inputs;
    this.now[name] = Math.min(Math.max(x, Number(min)), Number(max));
    for (const input of inputs) {
      input.value = this.now[name];
      input.nextElementSibling.replaceChildren(told(this.now[name]));
      input.setAttribute("aria-valuetext", shown(this.now[name]));
    }
    const follows = {
      W: [this.leaf, this.models, this.forward, this.errors, this.tangent, this.update],
      rate: [this.update, this.descent],
      start: [this.descent],
    };
    for (const figure of follows[name] ?? [() => this.story.show(this.now)]) figure.call(this);
  }

  // What the recorded graph makes of another weight.
  at(W) {
    const numbers = this.graph.evaluated(new Map([[this.weight, W]]));
    return { W, data: numbers.data, loss: numbers.data[this.graph.root], slope: this.graph.adjoints(numbers).grad[this.weight] };
  }

  // Numbers of the five samples: "y" the outputs, "e" the errors, "e²" their squares.
  samples({ data }, letter, power = "", graph = this.graph) {
    return this.data.inputs.map((_, i) => data[this.node(`${letter}${i}${power}`, graph)]);
  }

  // Of two pictures of the curve the nearer one, if all weights fit in there.
  curve(name, weights) {
    const [near, far] = [this.charts.get(`${name}-near`), this.charts.get(name)];
    const fits = weights.every(near.holds);
    near.svg.toggleAttribute("hidden", !fits);
    far.svg.toggleAttribute("hidden", fits);
    return fits ? near : far;
  }

  figure(name, ...reading) {
    const figure = document.querySelector(`[data-figure="${name}"]`);
    figure.querySelector(".reading").replaceChildren(...reading);
    return figure;
  }

  // --- steps 1 to 3 ---

  leaf() {
    const { W } = this.now;
    if (this.whatIf.numbers.data[this.weight] !== W) this.whatIf.change(this.weight, W);
  }

  models() {
    const { W } = this.now;
    const { inputs } = this.data;
    const outputs = this.samples(this.at(W), "y");
    const chart = this.charts.get("models");
    const points = inputs.map((x, i) => [x, outputs[i]]);
    const squares = points.map(([x, y]) => drawn("rect", { class: "actual", x: chart.x(x) - 4, y: chart.y(y) - 4, width: 8, height: 8 }));
    chart.show(`The model y = ${shown(W)}·x puts out ${outputs.map(shown).join(", ")} for the inputs ${inputs.join(", ")}`, chart.line(points, "model"), ...squares);
    this.figure("models", "y = ", told(W), "·x");
  }

  forward() {
    const outputs = this.samples(this.at(this.now.W), "y");
    const figure = this.figure("forward", "y = ", told(this.now.W), "·x puts out:");
    fill(figure, this.data.inputs.map((x, i) => [shown(x), told(outputs[i]), shown(this.data.desired[i])]));
  }

  errors() {
    const now = this.at(this.now.W);
    const absolute = this.absolute.evaluated(new Map([[this.node("W", this.absolute), this.now.W]]));
    const sizes = this.samples(absolute, "|e", "|", this.absolute);
    const sum = absolute.data[this.absolute.root];
    const [outputs, errors, squared] = [this.samples(now, "y"), this.samples(now, "e"), this.samples(now, "e", "²")];
    const chart = this.charts.get("squares");
    const marks = errors.flatMap((error, i) => {
      const [x, y] = [chart.x(this.data.places[i]), chart.y(Math.max(error, 0))];
      const [width, height] = [chart.x(sizes[i]) - chart.x(0), chart.y(0) - chart.y(sizes[i])];
      const label = drawn("text", { x: x + width / 2, y: chart.y(error < 0 ? 0.6 : -1.9) });
      label.textContent = shown(this.data.inputs[i]);
      return [drawn("rect", { class: `square ${signOf(error)}`, x, y, width, height }), label];
    });
    chart.show(`Squared errors ${squared.map(shown).join(", ")}`, ...marks);
    const figure = this.figure("errors", "W = ", told(this.now.W), ": the sum of absolute errors is ", told(sum), ", the sum of squared errors ", told(now.loss), ".");
    yours("sums", [told(now.W), told(sum), told(now.loss)]);
    fill(figure, [
      ...this.data.inputs.map((x, i) => [shown(x), told(outputs[i]), shown(this.data.desired[i]), told(sizes[i]), told(squared[i])]),
      ["total", "", "", told(sum), told(now.loss)],
    ]);
  }

  // --- steps 4 and 6: one place on the curve ---

  tangent() {
    const { W, loss, slope } = this.at(this.now.W);
    const sign = signOf(slope);
    const [increase, update] = this.data.signs[sign];
    const chart = this.charts.get("tangent");
    yours("signs", [told(W), "", told(loss), told(slope), sign, increase, update]);
    const ends = this.data.ends.map((x) => [x, loss + slope * (x - W)]);
    chart.show(`At W = ${shown(W)} the loss is ${shown(loss)} and the slope of the tangent ${shown(slope)}`, chart.line(ends, `tangent ${sign}`), chart.point(W, loss, "here"));
    const figure = this.figure("tangent", "At W = ", told(W), " the loss is ", told(loss), " and the derivative ", told(slope, { class: sign }), `: ${sign}. A larger W ${increase}, so: ${update}.`);
    fill(figure, this.data.steps.map((step) => {
      const measured = (this.at(W + step).loss - loss) / step;
      return [String(step), el("b", { "data-exact": exactly(measured) }, measured.toFixed(3).replace("-", "−"))];
    }));
  }

  update() {
    const { rate } = this.now;
    const { W, loss, slope } = this.at(this.now.W);
    const next = this.at(W - slope * rate);
    const chart = this.curve("update", [W, next.W]);
    yours("update", [told(W), told(loss), told(slope), told(next.W), told(next.loss)]);
    chart.show(
      `An update from W = ${shown(W)} to ${shown(next.W)}, and of the loss from ${shown(loss)} to ${shown(next.loss)}`,
      chart.arrow([W, loss], [next.W, next.loss], "path"), chart.point(W, loss, "here"), chart.point(next.W, next.loss, "next"),
    );
    const slopeTold = told(slope, { class: signOf(slope) });
    const bracketed = slope < 0 ? ["(", slopeTold, ")"] : [slopeTold];
    this.figure("update", "new W = ", told(W), " − ", ...bracketed, " · ", told(rate), " = ", told(next.W), ". The loss goes from ", told(loss), " to ", told(next.loss), ".");
  }

  // --- step 5 ---

  // The table of the chain has the numbers that were dragged in its drawing.
  ofChain() {
    const { graph, whatIf: { numbers } } = this.chain;
    const { grad } = graph.adjoints(numbers);
    const rows = document.querySelectorAll('[data-table="chain"] tbody tr');
    for (const { cells: [name, , value, gradient, partials] } of rows) {
      const i = this.node(name.textContent, graph);
      const kept = graph.nodes[i].args.flatMap((k, arg) => (graph.nodes[k].constant ? [] : [`by ${graph.nodes[k].name}: ${shown(numbers.partials[i][arg])}`]));
      value.replaceChildren(told(numbers.data[i]));
      gradient.replaceChildren(told(grad[i]));
      partials.replaceChildren(kept.join("  "));
    }
  }

  // --- step 7 ---

  // The delta rule again and again, until the loss is small, or hopelessly large.
  descend(start, rate) {
    const { tolerance, hopeless, most, verdicts } = this.data;
    const steps = [this.at(start)];
    const limit = hopeless * Math.max(steps[0].loss, tolerance);
    const ended = ({ loss }) => (loss < tolerance ? "converged" : !(loss < limit) ? "diverged" : steps.length > most ? "not yet" : "");
    while (!ended(steps.at(-1))) {
      const { W, slope } = steps.at(-1);
      steps.push(this.at(W - slope * rate));
    }
    const outcome = ended(steps.at(-1));
    const jumps = steps.slice(1).map(({ slope }, i) => steps[i].slope * slope < 0);
    const oscillates = jumps.length > 0 && jumps.every(Boolean);
    return { steps, outcome, verdict: verdicts[outcome][Number(oscillates)] };
  }

  descent() {
    const { start, rate } = this.now;
    const { steps, outcome, verdict } = this.descend(start, rate);
    const last = steps.at(-1);
    const updates = steps.length - 1;
    const times = updates && steps[0].slope ? told(steps[1].slope / steps[0].slope) : "";
    yours("rates", [told(rate), times, String(updates), told(last.W), told(last.loss), verdict]);
    const [path, losses] = [this.curve("path", steps.map(({ W }) => W)), this.charts.get("losses")];
    const end = `${outcome === "not yet" ? "not yet converged" : outcome} after ${updates} ${updates === 1 ? "update" : "updates"}`;
    const on = steps.map(({ W, loss }) => [W, loss]);
    const arrows = on.slice(1).map((to, i) => path.arrow(on[i], to, "path"));
    path.show(`From W = ${shown(start)}: ${end}, at W = ${shown(last.W)}`, ...arrows, ...on.map(([W, loss]) => path.point(W, loss, "next", 3)), path.point(start, steps[0].loss, "here"));
    const fallen = steps.map(({ loss }, i) => [i, loss]);
    losses.show(`The loss goes from ${shown(steps[0].loss)} to ${shown(last.loss)}: ${end}`, losses.line(fallen, "path"), ...fallen.map(([i, loss]) => losses.point(i, loss, "next", 3)));
    const many = steps.map(({ W }) => told(W));
    const trail = many.length > 9 ? [...many.slice(0, 6), "…", ...many.slice(-2)] : many;
    const figure = this.figure(
      "descent", "Learning rate ", told(rate), ": ", el("b", { class: "verdict" }, verdict), `. From W = ${shown(start)}: ${end}, with the loss `, told(last.loss), ".",
      el("span", { class: "trail" }, "W: ", ...trail.flatMap((part, i) => (i ? [" → ", part] : [part]))),
    );
    fill(figure, steps.map(({ W, loss, slope }, i) => [String(i), told(W), told(loss), told(slope)]));
  }

  // The table of contents marks the step that is read.
  follow() {
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        for (const link of document.querySelectorAll("nav a")) {
          if (link.hash === `#${target.id}`) link.setAttribute("aria-current", "step");
          else link.removeAttribute("aria-current");
        }
      }
    }, { rootMargin: "-30% 0px -69% 0px" });
    for (const section of document.querySelectorAll("section")) seen.observe(section);
  }
}
