/* Graphviz as WebAssembly, which travels with the page: it is unpacked when the first graph is drawn. */

/* Graphviz takes seconds for more boxes than this. */
const MOST_LAID_OUT = 160;

class Layout {
  constructor(packed, style) {
    this.dot = new Dot(style);
    this.ready = this.load(packed);
  }

  async load(packed) {
    const code = await unpacked(packed);
    const home = `autogradLiteGraphviz${String(Math.random()).slice(2)}`;
    /* The file is a script for pages. In this function it finds no loader but ours, and no address. */
    const script = el("script");
    script.textContent = `(() => { const module = {}, exports = {}, define = undefined, document = undefined; ${code}\nwindow.${home} = exports; })();`;
    document.head.append(script);
    script.remove();
    const graphviz = await window[home].instance();
    delete window[home];
    return graphviz;
  }

  async svg(boxes) {
    if (boxes.length > MOST_LAID_OUT) return layered(boxes);
    const graphviz = await this.ready;
    const made = graphviz.render(this.dot.source(boxes), { format: "svg", engine: "dot" });
    if (made.status !== "success") throw new Error(made.errors.map(({ message }) => message).join("; "));
    return made.output;
  }
}

/* The page of a graph that was built here, in a new element. */
async function opened(layout, nodes, rows, title, style) {
  const boxes = pictured(nodes);
  const svg = await layout.svg(boxes);
  const host = el("div");
  const bytes = new TextEncoder().encode(svg);
  const image = el("img", { alt: title });
  image.src = `data:image/svg+xml;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
  host.append(image);
  const page = { title, pace: style.pace, notes: [], multiple: 1, caption: "", root: boxes.length - 1, boxes, nodes, full: false, style: style.css, closed: 0 };
  return { host, start: (helping) => open(host, { ...page, helping }, rows) };
}
