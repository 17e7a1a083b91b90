/* The picture in the DOT language, as dot.py writes it: its colours and attributes come from there. */

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#x27;");
const quoted = (text) => (/^([A-Za-z_][\w]*|-?(\.\d+|\d+(\.\d*)?))$/.test(text) ? text : `"${text}"`);

/* How many columns of boxes the arrows cross, taken together. */
function lengthOf(boxes) {
  const column = [];
  let total = 0;
  boxes.forEach(({ arrows }, i) => {
    const tails = arrows.map(([tail]) => column[tail]);
    column[i] = Math.max(-1, ...tails) + 1;
    for (const tail of tails) total += column[i] - tail;
  });
  return total;
}

class Dot {
  /* `style`: {graph, node, edge, fill, signs, dashed, entry, cell, break, font}. */
  constructor(style) {
    this.style = style;
  }

  attributes(given) {
    const written = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
    return written.map(([key, value]) => `${key}=${value.startsWith("<") ? value : quoted(value)}`).join(" ");
  }

  /* As `_roomy`: a space for each character outside of ASCII, which layout takes for narrow. */
  roomy(text) {
    return text + " ".repeat([...text].filter((c) => c > "\x7f").length);
  }

  line(text) {
    return this.roomy(escaped(text)).replaceAll("\\", "\\\\");
  }

  cell(content) {
    return this.style.cell.replace("{}", () => content);
  }

  table(rows, padding) {
    return `<table border="0" cellborder="0" cellspacing="0" cellpadding="${padding}">${rows.map((cells) => `<tr>${cells.join("")}</tr>`).join("")}</table>`;
  }

  label(box) {
    const { signs, break: end } = this.style;
    const name = box.label ? `<b>${this.line(box.label)}</b>${end}` : "";
    const lines = box.lines.map(([text, mark]) => (mark ? `<font color="${signs[mark]}">${this.roomy(escaped(text))}</font>` : this.roomy(escaped(text))) + end);
    const cells = [this.cell(this.table([[this.cell(name + lines.join(""))]], 0))];
    if (box.symbol) cells.unshift(`<td><font point-size="15"><b>${this.line(box.symbol)}</b></font></td>`);
    if (!box.arrows.length) return `<${this.table([cells], 4)}>`;
    const grid = this.table(box.arrows.map((_, i) => [`<td port="a${i}" width="9" height="9"></td>`]), 0);
    return `<${this.table([[`<td cellpadding="0" colspan="1">${grid}</td>`, ...cells]], 4)}>`;
  }

  box(box) {
    const [fill, border] = this.style.fill[box.kind];
    const tooltip = [box.label, ...box.lines.map(([text]) => text)].filter(Boolean).join("\n").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    const attributes = this.attributes({
      class: box.kind, color: border, fillcolor: fill, id: box.id, penwidth: box.kind === "output" ? "2" : "1",
      style: this.style.dashed[box.kind] ?? "rounded,filled", tooltip,
    });
    return `\t${box.id} [label=${this.label(box)} ${attributes}]\n`;
  }

  edges(boxes, box) {
    return box.arrows.map(([tail, text, mark], a) => {
      const colour = this.style.signs[mark];
      const apart = boxes[tail].scope.join("\n") !== box.scope.join("\n");
      const more = { ...(boxes[tail].kind === "constant" ? { style: "dashed" } : {}), ...(apart ? { minlen: "2" } : {}) };
      const attributes = this.attributes({ color: colour, fontcolor: colour, id: `${box.id}-${a}`, ...more });
      return `\t${boxes[tail].id} -> ${box.id}:a${a}:w [label=" ${text} " ${attributes}]\n`;
    }).join("");
  }

  /* Parameters of a frame that differ by a number (w0, w1), in its order: as `numbered_rows`. */
  row(boxes, scope) {
    const found = boxes.filter((box) => box.kind === "parameter" && box.scope.join("\n") === scope && /\d/.test(box.label));
    const alike = new Set(found.map(({ label }) => label.replace(/\d+/g, ""))).size === 1 && found.length > 1;
    const names = found.sort((a, b) => natural(a.label, b.label)).map(({ id }) => id).reverse();
    return alike ? `\t{ rank=same; ${names.join(" -> ")} [style=invis] }\n` : "";
  }

  /* Boxes inside of their frames, as `_draw_boxes` opens and closes them. */
  framed(boxes) {
    const number = new Map();
    const paths = (box) => box.scope.map((_, i) => box.scope.slice(0, i + 1).join("\n"));
    for (const box of [...boxes].sort((a, b) => Number(!a.arrows.length) - Number(!b.arrows.length))) {
      for (const path of paths(box)) if (!number.has(path)) number.set(path, number.size);
    }
    const position = new Map(boxes.map((box) => [box, paths(box).map((path) => -number.get(path))]));
    const before = (a, b) => {
      const [p, q] = [position.get(a), position.get(b)];
      const k = p.findIndex((x, i) => x !== q[i]);
      return k < 0 ? p.length - q.length : k >= q.length ? 1 : p[k] - q[k];
    };
    const opened = [];
    let text = "";
    for (const box of [...boxes].sort(before)) {
      const path = position.get(box);
      while (opened.some((x, i) => x !== path[i])) {
        opened.pop();
        text += "\t}\n";
      }
      for (const k of path.slice(opened.length)) {
        const label = this.line(box.scope[opened.length]);
        opened.push(k);
        text += `\tsubgraph cluster_${-k} {\n\t${this.attributes({ ...this.style.frame, label: `<${label}>` })}\n`;
        text += this.row(boxes, box.scope.slice(0, opened.length).join("\n"));
      }
      text += this.box(box);
    }
    return text + "\t}\n".repeat(opened.length);
  }

  source(boxes) {
    const { graph, node, edge } = this.style;
    const heads = Object.entries({ graph, node, edge }).map(([kind, given]) => `\t${kind} [${this.attributes(given)}]\n`);
    const straight = lengthOf(boxes) > this.style.long ? `\t${this.attributes(this.style.straight)}\n` : "";
    return `digraph {\n${heads.join("")}${straight}${this.framed(boxes)}${boxes.map((box) => this.edges(boxes, box)).join("")}}\n`;
  }
}
