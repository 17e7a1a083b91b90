/* The variables: their numbers to drag, their gradients. */

class Numbers {
  constructor(given, starts) {
    // any name may be a variable's, __proto__ too
    this.given = Object.assign(Object.create(null), given);
    this.starts = starts;
  }

  /* The number of a variable; one that is new gets one of those to start with. */
  of(name) {
    const { given, starts } = this;
    if (!Object.hasOwn(given, name)) given[name] = starts[Object.keys(given).length % starts.length];
    return given[name];
  }
}

class Variables {
  constructor(desk) {
    this.desk = desk;
    this.rows = new Map();
    this.list = el("ul", { class: "variables" });
    this.element = el("section", { class: "card-of", "aria-label": "Variables" }, el("h2", {}, "Variables"), this.list, el("p", { class: "hint" }, "Drag a slider, or the number of a yellow box in the graph. Click a name for its curve. The gradients here are those of the whole pass, wherever the player of the graph stands."));
  }

  range(x) {
    const span = fabs(x) <= 5 ? 5 : Number((2 * fabs(x)).toPrecision(1));
    return { min: -span, max: span, step: span / 100 };
  }

  made(name) {
    const { desk } = this;
    const slider = el("input", { type: "range", "aria-label": `${name} on a slider`, oninput: () => desk.set(name, Number(slider.value)) });
    const field = el("input", { type: "text", inputmode: "decimal", "aria-label": `Number of ${name}`, onchange: () => {
      const { x } = typed(field.value);
      if (x - x === 0) desk.set(name, x);
      field.value = brief(desk.numbers.of(name), 12);
    } });
    const choose = el("button", { type: "button", class: "choose", title: `Curve over ${name}`, onclick: () => desk.choose(name) }, name);
    const grads = el("div", { class: "grads" });
    const item = el("li", { "data-variable": name }, choose, slider, field, grads);
    return { item, slider, field, choose, grads };
  }

  show() {
    const { desk, rows } = this;
    const names = desk.names();
    for (const name of rows.keys()) if (!names.includes(name)) rows.delete(name);
    for (const name of names) if (!rows.has(name)) rows.set(name, this.made(name));
    const items = names.map((name) => rows.get(name).item);
    if (items.length !== this.list.children.length || items.some((item, k) => item !== this.list.children[k])) this.list.replaceChildren(...items);
    for (const name of names) {
      const { slider, field, choose, grads } = rows.get(name);
      const x = desk.numbers.of(name);
      if (!(x >= Number(slider.min) && x <= Number(slider.max)) || slider.step === "") for (const [key, value] of Object.entries(this.range(x))) slider.setAttribute(key, value);
      slider.value = x;
      slider.setAttribute("aria-valuetext", brief(x));
      if (field.getRootNode().activeElement !== field) field.value = brief(x, 12);
      choose.setAttribute("aria-pressed", String(name === desk.over));
      grads.replaceChildren(...desk.read.flatMap((slot) => {
        const i = slot.variables?.get(name);
        if (i === undefined || !slot.now) return [];
        const slope = slot.now.grad[i];
        return [el("span", { class: slot.letter }, `∂${slot.letter}/∂${name} = `, el("b", { class: signOf(slope), "data-exact": exactly(slope) }, brief(slope)))];
      }));
    }
    this.element.hidden = !names.length;
  }
}
