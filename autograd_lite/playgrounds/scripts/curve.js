/* The curve of each expression over one variable, with its tangent at the number of now. */

const CURVE = { left: 46, right: 12, top: 12, bottom: 30, points: 160 };

/* Ticks at round numbers, about so many. */
function ticks(low, high, about) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw) ?? raw;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/* Numbers from which a drawing can be computed. */
const isDrawn = (x) => fabs(x) < 1e300;

/* Whether a curve has a tangent where it is. */
const touched = ({ y, slope }) => isDrawn(y) && isDrawn(slope);

class Curve {
  constructor(desk) {
    this.desk = desk;
    this.svg = drawn("svg", { role: "img", class: "curve" });
    new ResizeObserver(() => this.show()).observe(this.svg);
    this.caption = el("p", { class: "numbers-of" });
    this.heading = el("h2", {}, "Curve");
    this.element = el("section", { class: "card-of", "aria-label": "Curve" }, this.heading, this.svg, this.caption);
    const drag = (event) => {
      if (!event.buttons) return;
      const frame = this.svg.getBoundingClientRect();
      const at = event.clientX - frame.left;
      const [low, high] = this.ends;
      const x = low + ((at - CURVE.left) / (frame.width - CURVE.left - CURVE.right)) * (high - low);
      const step = (high - low) / 200;
      desk.set(desk.over, Number((Math.round(Math.min(Math.max(x, low), high) / step) * step).toPrecision(12)));
    };
    this.svg.addEventListener("pointerdown", (event) => {
      this.svg.setPointerCapture(event.pointerId);
      drag(event);
    });
    this.svg.addEventListener("pointermove", drag);
  }

  show() {
    const { desk } = this;
    const { over } = desk;
    const slots = desk.read.filter((slot) => slot.now && slot.variables.has(over));
    const here = desk.numbers.of(over);
    this.element.hidden = !slots.length || !isDrawn(here);
    if (this.element.hidden) return;
    const { min, max } = desk.variables.rows.get(over).slider;
    const ends = (this.ends = [Number(min), Number(max)]);
    const xs = Array.from({ length: CURVE.points + 1 }, (_, k) => ends[0] + (k / CURVE.points) * (ends[1] - ends[0]));
    const lines = slots.map((slot) => ({ slot, ys: xs.map((x) => slot.at({ [over]: x }).root), y: slot.now.root, slope: slot.now.grad[slot.variables.get(over)] }));
    const [low, high] = this.heights(lines);
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const { left, right, top, bottom } = CURVE;
    const X = (x) => left + ((x - ends[0]) / (ends[1] - ends[0])) * (width - left - right);
    const Y = (y) => height - bottom - ((y - low) / (high - low)) * (height - top - bottom);
    const line = (ax, ay, bx, by, name) => drawn("line", { x1: ax, y1: ay, x2: bx, y2: by, class: name });
    const text = (x, y, said, anchor) => Object.assign(drawn("text", { x, y, "text-anchor": anchor }), { textContent: said });
    const marks = [
      ...ticks(...ends, 5).flatMap((x) => [line(X(x), top, X(x), height - bottom, x === 0 ? "axis" : "grid"), text(X(x), height - bottom + 14, brief(x), "middle")]),
      ...ticks(low, high, 4).flatMap((y) => [line(left, Y(y), width - right, Y(y), y === 0 ? "axis" : "grid"), text(left - 5, Y(y) + 3.5, brief(y), "end")]),
      text(width - right, height - 3, over, "end"),
    ];
    const clip = drawn("clipPath", { id: "plot" });
    clip.append(drawn("rect", { x: left, y: top, width: width - left - right, height: height - top - bottom }));
    const inside = drawn("g", { "clip-path": "url(#plot)" });
    for (const { slot, ys, y, slope } of lines) {
      inside.append(...this.pieces(xs, ys, low, high).map((points) => drawn("polyline", { class: `line ${slot.letter}`, points: points.map(([a, b]) => `${X(a).toFixed(2)},${Y(b).toFixed(2)}`).join(" ") })));
      const slanted = touched({ y, slope }) ? ends.map((x) => y + slope * (x - here)) : [NaN];
      if (slanted.every(isDrawn)) inside.append(line(X(ends[0]), Y(slanted[0]), X(ends[1]), Y(slanted[1]), `tangent ${slot.letter}`));
    }
    inside.append(...lines.filter(({ y }) => isDrawn(y)).map(({ slot, y }) => drawn("circle", { cx: X(here), cy: Y(y), r: 5, class: `here ${slot.letter}` })));
    this.svg.replaceChildren(clip, ...marks, inside);
    const said = lines.map(({ slot, y, slope }) => `${slot.letter} = ${brief(y)}, ${touched({ y, slope }) ? `slope ∂${slot.letter}/∂${over} = ${brief(slope)}` : "no tangent"}`);
    this.svg.setAttribute("aria-label", `${slots.map(({ letter }) => letter).join(" and ")} over ${over} from ${brief(ends[0])} to ${brief(ends[1])}; at ${brief(here)}: ${said.join("; ")}`);
    // while a text cannot be read, its place is that of the curve before
    this.heading.textContent = `Curve over ${over}${desk.slots.every((slot) => slot.good) ? "" : ", before the error"}`;
    const [told, untold] = [lines.filter(touched), lines.filter((each) => !touched(each))];
    const changes = told.flatMap(({ slot, slope }, k) => [k ? " and " : "", `${slot.letter} changes by `, signed(slope)]);
    this.caption.replaceChildren(
      ...(told.length ? [`At ${over} = ${brief(here)}, along the tangent, `, ...changes, ` for each 1 of ${over}: that is the gradient. `] : []),
      ...untold.map(({ slot: { letter }, y, slope }) => `At ${over} = ${brief(here)}, ${isDrawn(y) ? `the slope of ${letter} is ${brief(slope)}: its tangent is not drawn` : `${letter} is ${brief(y)}: it has no tangent there`}. `),
    );
  }

  /* From the lowest to the highest of most points, so that a pole leaves something to see. */
  heights(lines) {
    const all = lines.flatMap(({ ys, y }) => [...ys, y, y]).filter(isDrawn).sort((a, b) => a - b);
    if (!all.length) return [-1, 1];
    const middle = lines.map(({ y }) => y).filter(isDrawn);
    const cut = Math.floor(all.length * 0.06);
    const [p, q] = [all[cut], all[all.length - 1 - cut]];
    const far = 3 * (q - p || 1);
    let low = Math.min(Math.max(all[0], p - far / 3), ...middle);
    let high = Math.max(Math.min(all.at(-1), q + far / 3), ...middle);
    if (high - low < 1e-9 * Math.max(1, fabs(low))) [low, high] = [low - 1, high + 1];
    const room = 0.08 * (high - low);
    return [low - room, high + room];
  }

  /* Parts without gaps: not over nan, nor over a pole. */
  pieces(xs, ys, low, high) {
    const found = [[]];
    const far = 4 * (high - low);
    ys.forEach((y, k) => {
      const jump = k && fabs(y - ys[k - 1]) > far;
      if (!isDrawn(y) || jump) found.push([]);
      if (isDrawn(y)) found.at(-1).push([xs[k], Math.min(Math.max(y, low - far), high + far)]);
    });
    return found.filter((points) => points.length > 1);
  }
}
