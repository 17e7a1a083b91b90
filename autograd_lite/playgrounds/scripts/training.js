/* Training: batches, steps and epochs, by an optimiser's own rule. */

class Training {
  /* `optimizer`: {update, start, settings} of the table's optimisers. */
  constructor(network, samples, optimizer, rate, batch) {
    Object.assign(this, { network, samples, optimizer, batch, steps: 0, epochs: 0, left: [], history: [] });
    this.random = generator(network.wanted.seed + 1);
    this.settings = optimizer.settings.map(([name, x]) => (name === "learning_rate" ? rate : x));
    this.state = new Map(network.parameters.map((i) => [i, [...optimizer.start]]));
    this.note();
  }

  note() {
    if (!this.samples.length) return;
    this.loss = this.network.lossOf(this.samples);
    if (this.history.at(-1)?.[0] === this.steps) this.history.pop();
    this.history.push([this.steps, this.loss]);
    // every other point is enough for a curve
    if (this.history.length > 1200) this.history = this.history.filter((_, k) => k % 2 === 0 || k === this.history.length - 1);
  }

  nextBatch() {
    const { samples, batch } = this;
    if (!this.left.length) {
      this.left = [...samples];
      if (batch < samples.length) {
        for (let k = this.left.length - 1; k > 0; k--) {
          const j = Math.floor(this.random() * (k + 1));
          [this.left[k], this.left[j]] = [this.left[j], this.left[k]];
        }
      }
    }
    return this.left.splice(0, batch);
  }

  step() {
    if (!this.samples.length) return;
    const { network, optimizer, settings, state } = this;
    network.pass(this.nextBatch());
    this.steps++;
    const { data } = network.tape;
    network.changes ??= new Float64Array(data.length);
    for (const i of network.parameters) {
      const [after, ...kept] = [optimizer.update([data[i], network.gradients[i], ...state.get(i), this.steps, ...settings])].flat();
      network.changes[i] = after - data[i];
      data[i] = after;
      state.set(i, kept);
    }
    if (!this.left.length) this.epochs++;
  }

  epoch() {
    do this.step(); while (this.left.length);
  }
}
