// A part of a graph as a page of its own: some nodes, with what goes into the last of them from what follows.

// What a page needs to know of some nodes, all of which are drawn.
function pageOf(nodes, title, notes, pace, style, upstream) {
  const boxes = nodes.map((node, i) => ({
    id: `n${i}`,
    kind: node.root ? "output" : node.constant ? "constant" : !node.leaf ? "value" : /^[wb]\d*$/.test(node.name.split(" · ").at(-1)) ? "parameter" : "leaf",
    symbol: node.symbol,
    label: node.constant ? "" : node.name,
    scope: [],
    lines: [[`data ${brief(number(node.data))}`, ""], ...(node.constant ? [] : [[`grad ${brief(number(node.grad))}`, signOf(number(node.grad))]])],
    arrows: node.args.map((parent, k) => [parent, ...(nodes[parent].constant ? ["—", "zero"] : [brief(number(node.partials[k])), signOf(number(node.partials[k]))])]),
    summary: null,
    opens: false,
    tint: "",
  }));
  return { title, caption: title, notes, pace, style: `${style}\n.app { border: 0; border-radius: 0; }`, nodes, boxes, multiple: 1, closed: 0, full: false, root: nodes.length - 1, seed: upstream };
}

// Make the page of some boxes in an element, without a picture from Graphviz.
function openBoxes(host, page, rows) {
  const picture = new TextEncoder().encode(layered(page.boxes));
  const image = el("img", { alt: page.title, src: `data:image/svg+xml;base64,${btoa(Array.from(picture, (byte) => String.fromCharCode(byte)).join(""))}` });
  host.replaceChildren(image);
  return open(host, page, rows);
}

// Of a folded picture, the graph of one result of a box that was opened.
Object.assign(Page.prototype, {
  resultsOf({ result }) {
    const many = result.of > 1 ? `one of its ${result.of.toLocaleString("en")} results` : "its result";
    return el("button", { type: "button", class: "way-in", onclick: () => this.stepThrough() }, icon(ICONS.play), `Step through ${many}`);
  },

  stepThrough() {
    const { page, rows, level: { title, result: { nodes, seed, of } } } = this;
    const graph = new Graph(nodes, rows, number(seed));
    graph.adjoints(graph.recorded).grad.forEach((grad, i) => { nodes[i].grad = grad; });
    const name = `${title}: ${of > 1 ? `one of its ${of.toLocaleString("en")} results` : "its result"}`;
    const which = of > 1 ? "It is the one with the largest gradient. " : "";
    const note = graph.seed === 1 ? [] : [`${which}The gradient of this result, ${brief(graph.seed)}, comes from what follows; those of the others are what it brings to them.`];
    const host = el("div", {});
    this.part.replaceChildren(el("nav", { class: "crumbs", "aria-label": "Back" }, el("button", { type: "button", onclick: () => this.backToBoxes() }, "← Back to the boxes")), host);
    this.turn(true);
    openBoxes(host, pageOf(nodes, name, note, page.pace, page.style, graph.seed), rows);
    this.part.querySelector("button").focus({ preventScroll: true });
  },

  backToBoxes() {
    this.turn(false);
    this.part.replaceChildren();
    this.focus(this.level.root, false);
  },

  turn(away) {
    this.main.hidden = this.tools.hidden = away;
    this.part.hidden = !away;
  },
});
