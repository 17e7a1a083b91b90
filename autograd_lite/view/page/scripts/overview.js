// A small map of the drawing, for as long as the stage does not hold all of it.

class Overview {
  // `look` moves the view to a place of the drawing.
  constructor(look) {
    this.look = look;
    this.frame = el("div", { class: "frame" });
    this.element = el("div", { class: "overview", "aria-hidden": "true" });
    for (const name of ["pointerdown", "pointermove"]) {
      this.element.addEventListener(name, (event) => this.point(event));
    }
    for (const name of ["click", "dblclick"]) this.element.addEventListener(name, (event) => event.stopPropagation());
  }

  of({ size, boxes }) {
    this.size = size;
    this.element.style.aspectRatio = `${size.width} / ${size.height}`;
    this.element.replaceChildren(...boxes.map(({ group, ground }) => {
      const { x, y, width, height } = ground.getBBox();
      // Graphviz moves its origin to the corner below
      const { e, f } = group.parentNode.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
      return this.put(el("div", { class: group.getAttribute("class") }), x + e, y + f, width, height);
    }), this.frame);
  }

  put(element, x, y, width, height) {
    const { size } = this;
    const place = { left: (x - size.x) / size.width, top: (y - size.y) / size.height, width: width / size.width, height: height / size.height };
    for (const [key, value] of Object.entries(place)) element.style[key] = `${(100 * value).toFixed(2)}%`;
    return element;
  }

  show(x, y, width, height) {
    const { size } = this;
    if (!size) return;
    this.element.classList.toggle("needed", width < size.width - 1 || height < size.height - 1);
    this.put(this.frame, x, y, width, height);
  }

  point(event) {
    event.stopPropagation();
    if (!event.buttons) return;
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const { size } = this;
    this.look(size.x + ((event.clientX - left) / width) * size.width, size.y + ((event.clientY - top) / height) * size.height);
  }
}
