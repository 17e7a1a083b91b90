// What if: leaves with other numbers, and everything downstream computed anew.

class WhatIf {
  // `follower` is called after each change; more may be added.
  constructor(graph, wording, follower) {
    Object.assign(this, { graph, wording, followers: [follower] });
    this.changed = new Map(); // leaf → number
    this.numbers = graph.recorded;
  }

  allows(i) {
    return Boolean(this.graph.rows && this.graph.nodes[i].leaf);
  }

  change(i, x) {
    if (x === this.graph.recorded.data[i]) this.changed.delete(i);
    else this.changed.set(i, x);
    this.numbers = this.changed.size ? this.graph.evaluated(this.changed) : this.graph.recorded;
    this.sync?.();
    this.tell();
  }

  all(changed) {
    this.changed = changed;
    this.numbers = this.graph.evaluated(changed);
    this.sync?.();
    this.tell();
  }

  reset() {
    this.changed.clear();
    this.numbers = this.graph.recorded;
    this.sync?.();
    this.tell();
  }

  tell() {
    for (const follower of this.followers) follower();
  }

  // Dragging a number moves its third digit, and leaves it as round as it is shown.
  grab(i) {
    this.grabbed = { leaf: i, from: this.numbers.data[i], dx: 0 };
  }

  drag(dx) {
    const { leaf, from } = this.grabbed;
    this.grabbed.dx += dx;
    const unit = 10 ** (Math.floor(log10(fabs(from) || 1)) - 2);
    this.change(leaf, asShown((Math.round(from / unit) + Math.round(this.grabbed.dx)) * unit));
  }

  controls(i, reset) {
    const base = this.graph.recorded.data[i];
    const span = Math.max(1, 2 * fabs(base)) || 1;
    const unit = 10 ** (Math.floor(log10(span)) - 2);
    const round = (x) => Math.round(x / unit) * unit;
    const name = this.wording.name(i);
    const slider = el("input", { type: "range", min: round(base - span).toPrecision(12), max: round(base + span).toPrecision(12), step: unit, value: base, "aria-label": `${name} on a slider`, oninput: () => this.change(i, asShown(Number(slider.value))) });
    const field = el("input", { type: "text", "aria-label": `Number of ${name}`, onchange: () => { const { isNumber, x } = typed(field.value); if (isNumber) this.change(i, x); else this.sync(); } });
    const back = el("button", { type: "button", onclick: reset }, "Reset");
    this.sync = () => {
      const x = this.numbers.data[i];
      field.value = exactly(x);
      slider.value = x;
      back.disabled = !this.changed.size;
    };
    this.sync();
    return [el("h3", {}, `What if ${name} were …`), el("div", { class: "knob" }, slider, field, back)];
  }
}
