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

Object.assign(Network.prototype, {
  // The line nearest to the pointer, if one is near enough.
  near({ clientX, clientY }) {
    const { left, top, width } = this.element.getBoundingClientRect();
    const scale = width / this.element.viewBox.baseVal.width;
    const [x, y] = [(clientX - left) / scale, (clientY - top) / scale];
    let found = null;
    let least = REACH;
    for (const { line, places, from, to } of this.lines) {
      if (from.length > 1 || to.length > 1) continue;
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
    if (target) at.closest("[data-target]").classList.add("pointed");
    this.pointed(target, at);
  },
});
