// Where the disc with the sign of an arrow goes: near its head, and never over a number.

const DISC = 5.4; // the radius, with its rim

const covers = (box, x, y) => {
  const dx = Math.max(box.x - x, 0, x - box.x - box.width);
  const dy = Math.max(box.y - y, 0, y - box.y - box.height);
  return dx * dx + dy * dy < DISC * DISC;
};

function placeDiscs(edges) {
  const texts = edges.map(({ text }) => {
    text?.removeAttribute("transform");
    return text?.textContent.trim() ? text.getBBox() : null;
  });
  const discs = [];
  edges.forEach(({ line, text, badge }, e) => {
    const length = line.getTotalLength();
    const places = [];
    for (let back = Math.min(8, length / 2); back < length - 3; back += 2) places.push(back);
    places.push(Math.min(4, length / 2), Math.min(2, length / 3));
    const at = (back) => line.getPointAtLength(length - back);
    const clear = ({ x, y }) => discs.every((disc) => hypot(disc.x - x, disc.y - y) > 2 * DISC - 1);
    const legible = ({ x, y }) => texts.every((box) => !box || !covers(box, x, y));
    const points = places.map(at);
    const point = points.find((p) => legible(p) && clear(p)) ?? points.find(legible) ?? points[0];
    discs.push(point);
    badge.setAttribute("transform", `translate(${point.x} ${point.y})`);
    // a short arrow: its own number makes room
    texts.forEach((box, k) => {
      if (!box || !covers(box, point.x, point.y)) return;
      const up = point.y - DISC - box.y - box.height;
      const down = point.y + DISC - box.y;
      const dy = k === e && -up > down ? down : up;
      edges[k].text.setAttribute("transform", `translate(0 ${dy})`);
      texts[k] = { x: box.x, y: box.y + dy, width: box.width, height: box.height };
    });
  });
}
