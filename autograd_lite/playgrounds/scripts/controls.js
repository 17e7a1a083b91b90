/* The settings of the network's tab: buttons and lists, and what they show. */

const MOST = { layers: 4, neurons: 8 };

Object.assign(Lab.prototype, {
  /* One of a few, by buttons. */
  choice(label, names, key, done) {
    const buttons = names.map((name) => el("button", { type: "button", "data-value": name, onclick: () => {
      this.spec[key] = name;
      done();
    } }, String(name).replaceAll("_", " ")));
    const show = () => buttons.forEach((each, k) => each.setAttribute("aria-pressed", String(names[k] === this.spec[key])));
    const group = el("div", { class: "choice", role: "group", "aria-label": label }, el("span", { class: "about" }, label), el("div", { class: "set" }, ...buttons));
    (this.shows ??= []).push(show);
    return group;
  },

  /* One of many, from a list. */
  pick(label, names, key, done, words = (name) => String(name).replaceAll("_", " ")) {
    const select = el("select", { "aria-label": label, onchange: () => {
      this.spec[key] = names()[select.selectedIndex];
      done();
    } });
    (this.shows ??= []).push(() => {
      select.replaceChildren(...names().map((name) => el("option", { value: name }, words(name))));
      select.selectedIndex = names().indexOf(this.spec[key]);
      select.title = meaningOf(label, this.spec[key]);
    });
    return el("label", { class: "choice" }, el("span", { class: "about" }, label), select);
  },

  settings() {
    for (const show of this.shows) show();
    const { spec } = this;
    // made anew, the button that has the focus is found again by its words
    const buttons = () => [...this.layers.querySelectorAll("button"), ...this.class.querySelectorAll("button")];
    const words = (each) => each.getAttribute("aria-label") ?? each.textContent;
    const focused = buttons().find((each) => each.matches(":focus"));
    const change = (layer, by) => {
      spec.hidden[layer] += by;
      this.renew();
    };
    this.layers.replaceChildren(...spec.hidden.map((size, layer) => el("span", { class: "layer" }, button(`One neuron less in layer ${layer}`, "−", () => size > 1 && change(layer, -1)), el("b", {}, String(size)), button(`One neuron more in layer ${layer}`, "+", () => size < MOST.neurons && change(layer, 1)))), el("span", { class: "layer" }, button("One layer less", "− layer", () => { spec.hidden.pop(); this.renew(); }), button("One layer more", "+ layer", () => { if (spec.hidden.length < MOST.layers) spec.hidden.push(4); this.renew(); })));
    this.layers.lastChild.firstChild.disabled = !spec.hidden.length;
    this.layers.lastChild.lastChild.disabled = spec.hidden.length >= MOST.layers;
    this.kind ??= 1;
    const kinds = [["● class 1", 1], ["■ class 0", 0]];
    this.class.hidden = this.inputs === 1;
    this.class.replaceChildren(el("span", { class: "about" }, "New points"), el("div", { class: "set" }, ...kinds.map(([said, kind]) => el("button", { type: "button", class: kind ? "one" : "zero-of", "aria-pressed": String(kind === this.kind), onclick: () => { this.kind = kind; this.settings(); } }, said))));
    if (focused) buttons().find((each) => words(each) === words(focused))?.focus();
  },
});
