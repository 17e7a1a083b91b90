/* The loss, step by step, as a small chart. */

class LossCurve {
  constructor() {
    this.svg = drawn("svg", { class: "curve falling", role: "img", viewBox: "0 0 400 150", preserveAspectRatio: "none" });
    this.reading = el("p", { class: "numbers-of" });
    this.element = el("div", {}, this.svg, this.reading);
  }

  /* `right` is how many points are on their side of the border; null: they have no classes. */
  show({ history, steps, epochs, loss, samples }, name, right) {
    const { clientWidth: width = 400, clientHeight: height = 150 } = this.svg;
    const [w, h] = [width || 400, height || 150];
    this.svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
    const [left, bottom, top] = [44, 20, 8];
    const last = Math.max(1, history.at(-1)?.[0] ?? 1);
    const finite = history.map(([, y]) => y).filter((y) => y - y === 0);
    const high = Math.max(1e-12, ...finite) * 1.05;
    const X = (x) => left + (x / last) * (w - left - 8);
    const Y = (y) => h - bottom - (Math.min(y, high) / high) * (h - top - bottom);
    const text = (x, y, said, anchor) => Object.assign(drawn("text", { x, y, "text-anchor": anchor }), { textContent: said });
    const across = ticks(0, high, 3).flatMap((y) => [drawn("line", { x1: left, x2: w - 8, y1: Y(y), y2: Y(y), class: y ? "grid" : "axis" }), text(left - 5, Y(y) + 4, brief(y), "end")]);
    const points = history.filter(([, y]) => y - y === 0).map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`).join(" ");
    const steps_ = ticks(0, last, 5).filter(Number.isInteger).map((x) => text(X(x), h - 4, brief(x, 6), "middle"));
    this.svg.replaceChildren(...across, ...steps_, drawn("polyline", { class: "line f", points }));
    this.svg.setAttribute("aria-label", `Loss over ${steps} steps, now ${loss === undefined ? "unknown" : brief(loss)}`);
    this.reading.replaceChildren(...(loss === undefined ? ["No points yet."] : [`${name.replaceAll("_", " ")} `, el("b", { "data-exact": exactly(loss) }, brief(loss)), ` after ${steps.toLocaleString("en")} ${steps === 1 ? "step" : "steps"}, ${epochs.toLocaleString("en")} ${epochs === 1 ? "epoch" : "epochs"}`]), ...(loss === undefined || right === null ? [] : [el("span", { class: "right-of" }, right === samples.length ? `Learned: all ${right} points are right.` : `${right} of ${samples.length} points are right.`)]));
  }
}
