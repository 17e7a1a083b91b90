// Where the disc with the sign of an arrow goes: near its head, never over a number, and clear of other arrows if it can be.

const DISC = 5.4; // the radius, with its rim
const SOME_ARROWS = 15; // of more, an open place is looked for in longer strides

const covers = (box, x, y) => {
  const dx = Math.max(box.x - x, 0, x - box.x - box.width);
  const dy = Math.max(box.y - y, 0, y - box.y - box.height);
  return dx * dx + dy * dy < DISC * DISC;
};

const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

// Points of an arrow from its head on. (The browser's own way to find them takes milliseconds each.)
function pointsBack(line) {
  const numbers = line.getAttribute("d").match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);
  const points = [];
  for (let k = numbers.length - 8; k >= 0; k -= 6) {
    const [x0, y0, x1, y1, x2, y2, x3, y3] = numbers.slice(k);
    const many = Math.ceil(hypot(x3 - x0, y3 - y0) / 2) + 1;
    for (let i = 0; i < many; i++) {
      const [t, u] = [1 - i / many, i / many];
      const at = (a, b, c, d) => u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
      points.push({ x: at(x0, x1, x2, x3), y: at(y0, y1, y2, y3) });
    }
  }
  const length = points.reduce((sum, p, i) => (p.back = i ? sum + hypot(p.x - points[i - 1].x, p.y - points[i - 1].y) : 0), 0);
  const far = points.filter(({ back }) => back >= Math.min(8, length / 2) && back < length - 3);
  return [...far, ...points.filter(({ back }) => back >= 2 && back < 8).reverse(), points[points.length >> 1]];
}

// Whether a point of an arrow is clear of the other arrows: asked once, as no arrow moves.
function isOpen(point, e, edges) {
  const reach = DISC + 2;
  const isFar = ([left, top, right, bottom]) => point.x < left - reach || point.x > right + reach || point.y < top - reach || point.y > bottom + reach;
  return (point.open ??= edges.every(({ sparse, frame }, k) => k === e || isFar(frame) || sparse.every(({ x, y }) => (x - point.x) ** 2 + (y - point.y) ** 2 > reach * reach)));
}

function placeDiscs(edges) {
  for (const edge of edges) {
    if (edge.points) continue;
    edge.points = pointsBack(edge.line);
    edge.sparse = edge.points.filter((_, k) => k % 3 === 0); // nearer to each other than a disc is wide
    const [across, down] = [edge.points.map(({ x }) => x), edge.points.map(({ y }) => y)];
    edge.frame = [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)];
  }
  for (const { text } of edges) text?.removeAttribute("transform");
  const texts = edges.map(({ text }) => (text?.textContent.trim() ? text.getBBox() : null));
  edges.forEach((edge, e) => { edge.top = texts[e]?.y; });
  const discs = [];
  const stride = Math.ceil(edges.length / SOME_ARROWS);
  edges.forEach((edge, e) => {
    const { points } = edge;
    const clear = ({ x, y }) => discs.every((disc) => hypot(disc.x - x, disc.y - y) > 2 * DISC - 1);
    const legible = ({ x, y }) => texts.every((box) => !box || !covers(box, x, y));
    const fits = (p) => legible(p) && clear(p);
    // among many arrows it is not looked for longer than one waits
    const point = points.filter((_, k) => k % stride === 0).find((p) => isOpen(p, e, edges) && fits(p)) ?? points.find(fits) ?? points.find(legible) ?? points[0];
    discs.push(point);
    edge.badge.setAttribute("transform", `translate(${point.x} ${point.y})`);
    // a short arrow: its number makes room, to where it is over no other number or disc
    texts.forEach((box, k) => {
      if (!box || !covers(box, point.x, point.y)) return;
      const moved = [point.y - DISC - box.height, point.y + DISC].map((y) => ({ x: box.x, y, width: box.width, height: box.height }));
      const crowd = (at) => texts.filter((other, i) => other && i !== k && overlap(at, other)).length + discs.filter(({ x, y }) => covers(at, x, y)).length;
      const [near] = moved.sort((a, b) => crowd(a) - crowd(b) || fabs(a.y - box.y) - fabs(b.y - box.y));
      edges[k].text.setAttribute("transform", `translate(0 ${near.y - edges[k].top})`);
      texts[k] = near;
    });
  });
}
