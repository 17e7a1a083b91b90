// Numbers, charts and tables of the lesson, of which its script changes what moves.

// As the lesson's text writes a number.
const shown = (x) => (Number.isInteger(x) && fabs(x) < 1e6 ? String(x) : brief(x)).replace("-", "−");

// A number which can be read exactly.
const told = (x, props = {}) => el("b", { "data-exact": exactly(x), ...props }, shown(x));

// --- pictures ------------------------------------------------------------------------------------

// A chart whose axes and still parts are in the document: draws what moves.
class Chart {
  constructor(svg) {
    this.svg = svg;
    const place = ([low, high, start, end], log) => (x) => (
      start + (((log ? Math.max(log10(x), low) : x) - low) / (high - low)) * (end - start)
    );
    const [x, y] = [svg.dataset.x, svg.dataset.y].map((text) => text.split(" ").map(Number));
    this.x = place(x, false);
    this.y = place(y, "log" in svg.dataset);
    this.holds = (at) => at >= x[0] && at <= x[1];
  }

  show(said, ...marks) {
    this.svg.setAttribute("aria-label", said);
    this.svg.querySelector(".moving").replaceChildren(...marks);
  }

  line(points, name) {
    const places = points.map(([x, y]) => `${this.x(x).toFixed(2)},${this.y(y).toFixed(2)}`);
    return drawn("polyline", { class: name, points: places.join(" ") });
  }

  point(x, y, name, r = 5) {
    return drawn("circle", { class: name, cx: this.x(x), cy: this.y(y), r });
  }

  // From one point to another; the head only where there is room for it.
  arrow(from, to, name) {
    const line = this.line([from, to], name);
    const [dx, dy] = [this.x(to[0]) - this.x(from[0]), this.y(to[1]) - this.y(from[1])];
    const length = hypot(dx, dy);
    const made = drawn("g", {});
    made.append(line);
    if (length > 14) {
      const turn = (atan2(dy, dx) * 180) / Math.PI;
      made.append(drawn("path", { class: `${name} head`, d: "M5 0L-4 4.5V-4.5Z", transform: `translate(${this.x(from[0]) + dx / 2} ${this.y(from[1]) + dy / 2}) rotate(${turn})` }));
    }
    return made;
  }
}

const rowOf = (cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell)));

function fill(figure, rows) {
  figure.querySelector("tbody").replaceChildren(...rows.map(rowOf));
}

// A row of the reader's own numbers below those of the lecture.
function yours(name, cells) {
  const body = document.querySelector(`[data-table="${name}"] tbody`);
  body.querySelector(".yours")?.remove();
  // cells as those above: some of them head their row
  const like = [...body.rows[0].cells].map(({ localName, className, scope }) => [localName, { class: className, scope: scope || null }]);
  const told = [el("span", {}, el("small", {}, "yours "), cells[0]), ...cells.slice(1)];
  body.append(el("tr", { class: "yours" }, ...told.map((cell, i) => el(...like[i], cell))));
}
