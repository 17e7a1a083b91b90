/* The playground: what it stands on is above; `start` is called by what playground.py writes. */

class Desk {
  constructor(data, rows) {
    this.table = entered(data.table, rows);
    this.layout = new Layout(data.graphviz, data.drawn);
    this.style = { css: data.page, pace: data.pace };
    this.numbers = new Numbers(data.numbers, data.starts);
    this.slots = [new Slot("f", data.text, this)];
    this.variables = new Variables(this);
    this.curve = new Curve(this);
    this.side = el("div", { class: "side" }, this.variables.element, this.curve.element);
    this.graphs = el("div", { class: "graphs" }, this.slots[0].host);
    this.fields = el("div", { class: "fields" }, this.slots[0].element);
    this.element = el("div", { class: "desk" }, this.fields, el("div", { class: "columns" }, this.side, this.graphs));
  }

  begin() {
    for (const slot of this.slots) slot.read();
  }

  names() {
    return [...new Set(this.slots.flatMap((slot) => [...(slot.variables?.keys() ?? [])]))];
  }

  choose(name) {
    this.over = name;
    this.changed();
  }

  set(name, x) {
    this.numbers.given[name] = x;
    this.follow();
  }

  /* A leaf's number was dragged in a graph. */
  dragged(slot) {
    if (this.following) return;
    for (const [name, i] of slot.variables) this.numbers.given[name] = slot.page.whatIf.numbers.data[i];
    this.follow();
  }

  follow() {
    this.following = true;
    for (const slot of this.slots) if (slot.variables) slot.follow();
    this.following = false;
    this.changed();
  }

  changed() {
    const names = this.names();
    if (!names.includes(this.over)) this.over = names[0];
    for (const slot of this.slots) slot.show();
    this.variables.show();
    this.curve.show();
  }
}

class Playground {
  constructor(host, data, rows) {
    this.desk = new Desk(data, rows);
    this.root = host.attachShadow({ mode: "open" });
    this.app = el("div", { class: `app playground${data.full ? " full" : ""}` }, el("header", {}, el("h1", {}, "Playground")), this.desk.element);
    this.root.append(el("style", {}, data.page + data.style), this.app);
    Page.prototype.follow.call(this, host);
    for (const name of ["keydown", "keyup", "keypress"]) this.app.addEventListener(name, (event) => event.stopPropagation());
    this.desk.begin();
  }
}

function start(host, data, rows) {
  return host && !host.shadowRoot ? new Playground(host, data, rows) : null;
}
