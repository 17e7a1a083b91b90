/* The network's tab as a part of the address, which brings back its settings and one's own points. */

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
    read("activation", (text) => this.activations.includes(text), String);
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
    // made when it is looked at
    this.pause();
    this.network = null;
    this.restored = Object.keys(spec).some((key) => given.has(`net.${key}`));
  },
});
