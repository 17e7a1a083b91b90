// The drawing: Graphviz's boxes and arrows, with numbers and marks on them.

class Drawing {
  constructor(picture, page, graph) {
    const parsed = new DOMParser().parseFromString(picture, "image/svg+xml");
    this.svg = document.importNode(parsed.documentElement, true);
    Object.assign(this, { graph, page });
    const { x, y, width, height } = this.svg.viewBox.baseVal;
    this.size = { x, y, width, height };
    for (const name of ["width", "height"]) this.svg.removeAttribute(name);
    for (const title of this.svg.querySelectorAll("title")) title.remove();
    for (const link of this.svg.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    this.svg.querySelector("polygon")?.remove(); // the white ground
    for (const line of this.svg.querySelectorAll(".graph > text")) line.remove(); // the page says it
    // titles of frames above the arrows: the file has them there, but not what is laid out in the page
    const titles = drawn("g", { class: "title" });
    titles.append(...this.svg.querySelectorAll(".cluster > text"));
    if (titles.firstChild) this.svg.querySelector(".graph").append(titles);
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", page.title);
    this.boxes = page.boxes.map((box, i) => this.box(box, i));
    this.edges = [];
    this.written = [];
    page.boxes.forEach((box, i) => {
      // the arguments that are drawn: plain numbers may be hidden
      const shown = graph && graph.nodes[i].args.flatMap((p, k) => (p < page.boxes.length ? [k] : []));
      box.arrows.forEach(([tail], a) => {
        const group = this.svg.getElementById(`${box.id}-${a}`);
        if (group) this.edges.push(this.edge(group, tail, i, shown ? shown[a] : null));
        if (group && !graph) group.classList.add(box.arrows[a][2] || "none");
      });
    });
  }

  box(box, i) {
    const group = this.svg.getElementById(box.id);
    group.dataset.box = i;
    group.setAttribute("tabindex", "-1");
    group.setAttribute("role", "button");
    const texts = [...group.querySelectorAll("text")];
    // lines of the file would be lines of what a reader hears
    for (const { childNodes } of [group, ...group.querySelectorAll("g")]) {
      for (const node of childNodes) if (node.nodeType === Node.TEXT_NODE) node.data = " ";
    }
    const found = { group, ground: group.querySelector("path, polygon") };
    if (this.graph) {
      found.data = texts.at(this.graph.nodes[i].constant ? -1 : -2);
      found.grad = this.graph.nodes[i].constant ? null : texts.at(-1);
      found.data.classList.add("data");
      found.was = [found.data.textContent, found.grad?.textContent, found.grad?.getAttribute("fill")];
      if (this.graph.nodes[i].leaf) group.classList.add("open");
      if (!box.label && box.kind !== "constant") found.short = this.graph.nodes[i].name;
    } else {
      for (const [line, sign] of box.lines) {
        if (sign) texts.findLast((text) => text.textContent.trimEnd() === line)?.classList.add(sign);
      }
      if (box.tint) group.classList.add(...box.tint.split(" "));
    }
    return found;
  }

  edge(group, tail, head, arg) {
    group.setAttribute("aria-hidden", "true");
    const line = group.querySelector("path");
    const text = group.querySelector("text");
    const badge = drawn("g", { class: "badge" });
    badge.append(drawn("circle", { r: 4.2 }), drawn("text", { "text-anchor": "middle", y: 2.9 }));
    group.append(badge);
    return { group, line, text, badge, tail, head, arg, was: text?.textContent };
  }

  // Once it is laid out: sizes and lengths of curves are known. Some boxes can be opened.
  place(opening) {
    this.svg.classList.toggle("folded", !this.graph);
    for (const i of opening) {
      const { group, ground } = this.boxes[i];
      const { x, y, width } = ground.getBBox();
      const opener = drawn("g", { class: "opener", transform: `translate(${x + width - 9} ${y - 8})`, "aria-hidden": "true" });
      opener.append(drawn("rect", { width: 16, height: 16, rx: 4 }), drawn("path", { d: ICONS.open }));
      group.append(opener);
    }
    for (const { group, ground, short } of this.boxes) {
      if (!short) continue; // what the equations call it
      const { x, y } = ground.getBBox();
      group.append(drawn("text", { class: "short", x: x + 6, y: y - 3 }));
      group.lastChild.textContent = short;
    }
    // the number of a leaf is dragged by all of its box, and the room around
    this.boxes.forEach(({ group, ground }, i) => {
      if (!this.graph?.rows || !this.graph.nodes[i].leaf) return;
      const { x, y, width, height } = ground.getBBox();
      group.append(drawn("rect", { class: "grip", x, y: y - 7, width, height: height + 14 }));
    });
    if (this.graph) placeDiscs(this.edges);
  }

  write(text, content, sign, ground) {
    // the browser lays all texts out anew when one is written, even if it was the same before
    if (text.getAttribute("class") !== sign) text.setAttribute("class", sign);
    if (text.textContent === content) return;
    text.textContent = content;
    text.removeAttribute("textLength");
    this.written.push([text, ground]);
  }

  // Pushes together what is longer than its box: after all is written, so that it is measured at once.
  fitTexts() {
    const found = this.written.map(([text, ground]) => {
      const room = (ground.room ??= ground.getBBox());
      return [text, text.getComputedTextLength(), room.x + room.width - Number(text.getAttribute("x")) - 3];
    });
    for (const [text, length, room] of found) {
      if (length <= room) continue;
      text.setAttribute("textLength", room);
      text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
    this.written = [];
  }

  // Numbers in boxes and at arrows. What is not known yet is undefined.
  show(now) {
    this.boxes.forEach(({ group, ground, data, grad, was }, i) => {
      const value = now.data[i];
      const slope = now.grad[i];
      if (now.asRecorded) {
        this.write(data, was[0], "data", ground);
        if (grad) this.write(grad, was[1], signOf(slope), ground);
      } else {
        this.write(data, `data ${value === undefined ? "…" : brief(value)}`, "data", ground);
        if (grad) this.write(grad, slope === undefined ? "grad ?" : `grad ${brief(slope)}`, slope === undefined ? "zero" : signOf(slope), ground);
      }
      group.dataset.data = value === undefined ? "" : exactly(value);
      group.dataset.grad = slope === undefined ? "" : exactly(slope);
      group.classList.toggle("pending", value === undefined);
    });
    let moved = false; // a number that has become longer may be under a disc
    const sizes = this.edges.map(({ head, arg }) => fabs(now.flows[head][arg] ?? 0));
    const largest = Math.max(...sizes.filter((size) => size < Infinity), 0);
    this.edges.forEach(({ group, text, line, badge, head, arg }, e) => {
      const flow = now.flows[head][arg];
      const constant = this.graph.nodes[this.graph.nodes[head].args[arg]].constant;
      const sign = flow == null || constant ? "none" : signOf(flow);
      if (this.edges[e].sign !== sign) {
        group.classList.remove("none", "positive", "negative", "zero", "nan");
        group.classList.add((this.edges[e].sign = sign));
        badge.lastChild.textContent = GLYPH[sign] ?? "";
      }
      const share = largest && sizes[e] === sizes[e] ? Math.min(sizes[e] / largest, 1) : 0;
      line.style.strokeWidth = sign === "none" ? 1 : (1 + 3.2 * sqrt(share)).toFixed(2);
      group.classList.toggle("pending", now.data[head] === undefined);
      if (text && now.partials && !constant) {
        const partial = now.partials[head][arg];
        const written = partial === undefined ? " ? " : ` ${brief(partial)} `;
        const sign = partial === undefined ? "zero" : signOf(partial);
        if (text.getAttribute("class") !== sign) text.setAttribute("class", sign);
        if (text.textContent !== written) {
          text.textContent = written;
          moved = true;
        }
      }
    });
    this.fitTexts();
    if (moved) placeDiscs(this.edges);
  }

  mark(name, boxes, edges = null) {
    this.boxes.forEach(({ group }, i) => group.classList.toggle(name, boxes.has(i)));
    this.edges.forEach(({ group, head, arg }) => {
      group.classList.toggle(name, Boolean(edges?.some(([user, k]) => user === head && k === arg)));
    });
  }
}
