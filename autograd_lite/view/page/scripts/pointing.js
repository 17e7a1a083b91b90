// What is pointed at in a network: a neuron, or the nearest line.

// How near to a line is on it, and pieces of a curve that are as good as straight.
const REACH = 10;
const PLACES = 12;

// How far a place is from a piece of a line.
function apart(x, y, [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)));
  return hypot(x - x1 - share * dx, y - y1 - share * dy);
}

// Points of a curve.
function along(corners) {
  const at = (t) => [0, 1].map((k) => corners.reduce((sum, place, n) => sum + [1, 3, 3, 1][n] * (1 - t) ** (3 - n) * t ** n * place[k], 0));
  return Array.from({ length: PLACES + 1 }, (_, n) => at(n / PLACES));
}

Object.assign(Network.prototype, {
  // The line nearest to the pointer, if one is near enough.
  near({ clientX, clientY }) {
    const { left, top, width } = this.element.getBoundingClientRect();
    const scale = width / this.element.viewBox.baseVal.width;
    const [x, y] = [(clientX - left) / scale, (clientY - top) / scale];
    let found = null;
    let least = REACH;
    for (const made of this.lines) {
      const { line, corners, from, to } = made;
      if (from.length > 1 || to.length > 1) continue;
      const places = (made.places ??= along(corners));
      const away = Math.min(...places.slice(1).map((end, n) => apart(x, y, places[n], end)));
      if (away < least) [least, found] = [away, line.parentNode];
    }
    return found;
  },

  // A neuron that is hit, or else the nearest line in reach.
  meant(event) {
    const hit = event.target.closest?.("[data-target]");
    if (event.clientX === undefined || hit?.matches(".neuron")) return hit ?? event.target;
    return this.near(event) ?? event.target;
  },

  point(event) {
    const at = this.meant(event);
    if (event.type === "pointermove" && at === this.at) return;
    this.at = at;
    const target = this.target(at);
    this.element.style.cursor = target ? "pointer" : "";
    this.element.querySelector(".pointed")?.classList.remove("pointed");
    this.element.querySelector(".reach")?.remove();
    const group = target && at.closest("[data-target]");
    group?.classList.add("pointed");
    if (group?.matches(".weight")) group.prepend(drawn("path", { class: "reach", d: group.querySelector(".line").getAttribute("d") }));
    this.pointed(target, at);
  },
});
