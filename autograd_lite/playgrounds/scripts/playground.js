/* The playground: what it stands on is above; `start` is called by what showing.py writes. */

const TABS = { expression: "Expression", network: "Network" };

class Playground {
  constructor(host, data, rows, optimizers) {
    this.address = new Address(data.full, () => this.state(), (given) => this.restore(given));
    const changed = () => this.address.note();
    this.desk = new Desk(data, rows, changed);
    this.lab = new Lab(this.desk, this.desk.table.losses, optimizers, changed);
    this.panels = { expression: this.desk.element, network: this.lab.element };
    this.root = host.attachShadow({ mode: "open" });
    const link = el("button", { type: "button", hidden: !data.full, onclick: () => copied(`${location.href.split("#")[0]}#${new URLSearchParams(this.state())}`, link) }, "Copy link");
    this.tabs = Object.entries(TABS).map(([name, words]) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => this.turn(name), onkeydown: (event) => this.move(event) }, words));
    for (const [name, panel] of Object.entries(this.panels)) for (const [key, value] of [["id", `panel-${name}`], ["role", "tabpanel"], ["aria-labelledby", `tab-${name}`]]) panel.setAttribute(key, value);
    const header = el("header", {}, el("h1", {}, "Playground"), el("div", { class: "tabs", role: "tablist", "aria-label": "Playground" }, ...this.tabs), el("div", { class: "tools" }, link));
    this.app = el(data.full ? "main" : "section", { class: `app playground${data.full ? " full" : ""}`, "aria-label": "Playground" }, header, ...Object.values(this.panels));
    this.root.append(el("style", {}, data.page + data.network + data.style), this.app);
    Page.prototype.follow.call(this, host);
    for (const name of ["keydown", "keyup", "keypress"]) this.app.addEventListener(name, (event) => event.stopPropagation());
    this.turn("expression");
    if (!this.address.take()) this.desk.begin();
  }

  /* To a tab. The network is made when it is first looked at. */
  turn(name) {
    this.tab = name;
    this.tabs.forEach((tab) => {
      const here = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
    });
    for (const [each, panel] of Object.entries(this.panels)) panel.hidden = each !== name;
    if (name === "expression") for (const slot of this.desk.slots) if (slot.late) slot.draw();
    if (name === "network" && !this.lab.network) this.lab.renew();
    if (name !== "network" && this.lab.network) this.lab.pause();
    this.address.note();
  }

  move({ key }) {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const other = Object.keys(TABS).find((name) => name !== this.tab);
    this.turn(other);
    this.root.getElementById(`tab-${other}`).focus();
  }

  state() {
    return [["tab", this.tab], ...this.desk.state(), ...(this.lab.network || this.lab.restored ? this.lab.state() : [])];
  }

  restore(given) {
    this.desk.restore(given);
    this.lab.restore(given);
    this.turn(Object.hasOwn(TABS, given.get("tab")) ? given.get("tab") : "expression");
  }
}

function start(host, data, rows, optimizers) {
  return host && !host.shadowRoot ? new Playground(host, data, rows, optimizers) : null;
}
