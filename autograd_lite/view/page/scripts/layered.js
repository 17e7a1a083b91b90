// Boxes and arrows laid out in columns, as an SVG that Drawing takes: for pictures that are made when they are asked
// for. Boxes stand over the arrows, so none hides a text.

const LINE = 14;
const PAD = 6;
const PORT = 12;
const MANY = 60;
const TANGLE = 600; // more arrows are lines alone
const measure = document.createElement("canvas").getContext("2d");

function wide(text, size, bold = false) {
  measure.font = `${bold ? "bold " : ""}${size}px Arial, Helvetica, sans-serif`;
  return measure.measureText(text).width;
}

// What a box says, and its size.
function measured(box, port) {
  const texts = [
    ...box.label.split("\n").filter(Boolean).slice(0, 4).map((text) => [cut(text, 40), "", true]),
    ...box.lines.map(([text, sign]) => [text, sign, false]),
  ];
  const side = box.symbol ? wide(box.symbol, 15, true) + 10 : 0;
  const width = side + Math.max(20, ...texts.map(([text, , bold]) => wide(text, 11, bold))) + 2 * PAD;
  return { box, texts, side, width, height: Math.max(Math.max(texts.length, 1) * LINE + 2 * PAD, box.kind === "group" ? 0 : port * box.arrows.length + 6) };
}

// The column of each box: after those it is computed from, a leaf beside its first use.
function ranked(boxes) {
  const rank = boxes.map(() => 0);
  const users = boxes.map(() => []);
  boxes.forEach(({ arrows }, i) => {
    for (const [tail] of arrows) {
      if (tail >= i) continue; // groups may lie in circles
      rank[i] = Math.max(rank[i], rank[tail] + 1);
      users[tail].push(i);
    }
  });
  boxes.forEach(({ arrows }, i) => {
    if (!arrows.length && users[i].length) rank[i] = Math.min(...users[i].map((user) => rank[user])) - 1;
  });
  return { rank, users };
}

const natural = new Intl.Collator("en", { numeric: true }).compare;

// Places for the boxes: parts of one scope stay together and in order, else neighbours are near.
function laidOut(boxes) {
  const { rank, users } = ranked(boxes);
  const port = boxes.length > MANY ? 0 : PORT; // there is no room to tell many arrows apart
  const made = boxes.map((box, i) => ({ ...measured(box, port), i, y: i, scope: box.scope.join("/") }));
  const columns = Array.from({ length: Math.max(...rank) + 1 }, (_, r) => made.filter(({ i }) => rank[i] === r));
  const mean = (all, or) => (all.length ? all.reduce((sum, x) => sum + x, 0) / all.length : or);
  const near = (one) => [...boxes[one.i].arrows.map(([tail]) => tail), ...users[one.i]];
  const entry = (one) => mean(users[one.i].map((user) => made[user].y + boxes[user].arrows.findIndex(([tail]) => tail === one.i) * 1e-3), one.y);
  for (let turn = 0; turn < 6; turn += 1) {
    for (const column of turn % 2 ? columns : [...columns].reverse()) {
      for (const one of column) one.wish = turn % 2 && boxes[one.i].arrows.length ? mean(near(one).map((k) => made[k].y), one.y) : entry(one);
      column.sort((a, b) => natural(a.scope, b.scope) || a.wish - b.wish || a.i - b.i);
      stack(column, turn > 3);
    }
  }
  const low = Math.min(...made.map(({ y, height }) => y - height / 2));
  // an arrow runs straight along its number, which stands beside the box that it comes from, or, where several
  // come from there, beside its head
  const length = (column, notesOf) => Math.max(0, ...column.flatMap(notesOf).map((note) => (note ? wide(note, 10) + 6 : 0)));
  const ahead = (column) => length(column, ({ i }) => boxes[i].arrows.flatMap(([tail, note]) => (users[tail].length > 1 ? [note] : [])));
  const behind = (column) => length(column, ({ i }) => (users[i].length > 1 ? [] : users[i].flatMap((user) => boxes[user].arrows.filter(([tail]) => tail === i).map(([, note]) => note))));
  let x = 0;
  for (const column of columns) {
    const run = { before: ahead(column), after: behind(column) };
    if (x) x += run.before;
    const width = Math.max(0, ...column.map((one) => one.width));
    for (const one of column) Object.assign(one, { x, y: one.y - low, right: x + one.width, leave: x + width + run.after, reach: x - 5 - run.before });
    x += width + 64 + run.after;
  }
  return made;
}

// One below the other, as near to where they wish to be as there is room.
function stack(column, wishes) {
  let end = -Infinity;
  column.forEach((one, k) => {
    const start = wishes ? one.wish - one.height / 2 : k ? end : 0;
    one.y = Math.max(start, end) + one.height / 2;
    end = one.y + one.height / 2 + 10;
  });
  const shift = wishes ? column.reduce((sum, { wish, y }) => sum + wish - y, 0) / column.length : -end / 2;
  for (const one of column) one.y += shift;
}

function add(parent, tag, props, text) {
  const made = drawn(tag, props);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function boxDrawn(parent, { box, texts, side, width, height, x, y }) {
  const group = add(parent, "g", { id: box.id, class: `node ${box.kind}` });
  const [r, top] = [5, y - height / 2];
  const dashed = box.kind === "outside" || box.kind === "constant" ? { "stroke-dasharray": "5 2" } : {};
  add(group, "path", { ...dashed, d: `M${x + r} ${top}h${width - 2 * r}q${r} 0 ${r} ${r}v${height - 2 * r}q0 ${r} ${-r} ${r}h${2 * r - width}q${-r} 0 ${-r} ${-r}v${2 * r - height}q0 ${-r} ${r} ${-r}z` });
  if (box.symbol) add(group, "text", { x: x + PAD, y: y + 5, "font-size": 15, "font-weight": "bold" }, box.symbol);
  texts.forEach(([text, sign, bold], k) => {
    add(group, "text", { x: x + PAD + side, y: y + LINE * (k - texts.length / 2) + 11, "font-size": 11, "font-weight": bold ? "bold" : "normal", class: sign || "" }, text);
  });
}

function arrowDrawn(parent, box, a, from, to, note, isAlone) {
  const group = add(parent, "g", { id: `${box.id}-${a}`, class: "edge" });
  const room = Math.min(to.height - 6, PORT * box.arrows.length);
  const [x1, y1, x2] = [from.right, from.y, to.x - 5];
  const y2 = to.y + ((a + 0.5) / box.arrows.length - 0.5) * room;
  const back = x2 < x1;
  const [start, stop] = isAlone ? [Math.max(from.leave, x1 + 1), x2] : [x1, Math.min(to.reach, x2 - 1)];
  const bend = back ? 60 : Math.max(stop - start, 0) * 0.45;
  const straight = (a, b, y) => (back ? "" : `C${a} ${y} ${b} ${y} ${b} ${y}`);
  const curve = back ? `C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` : `C${start + bend} ${y1} ${stop - bend} ${y2} ${stop} ${y2}`;
  add(group, "path", { fill: "none", d: `M${x1} ${y1}${isAlone ? straight(x1, start, y1) : ""}${curve}${isAlone ? "" : straight(stop, x2, y2)}` });
  add(group, "polygon", { points: `${x2},${y2 - 2.6} ${x2 + 5},${y2} ${x2},${y2 + 2.6}` });
  if (!note || note === "×1") return;
  const place = isAlone ? { x: x1 + 5, y: y1 - 4 } : { x: x2 - 3, y: y2 - 3, "text-anchor": "end" };
  add(group, "text", { ...place, "font-size": 10 }, note);
}

// The boxes of a page as the text of an SVG.
function layered(boxes) {
  const made = laidOut(boxes);
  const width = Math.max(...made.map(({ right }) => right));
  const height = Math.max(...made.map((one) => one.y + one.height / 2));
  const svg = drawn("svg", { viewBox: `-14 -16 ${width + 28} ${height + 32}`, "font-family": "Arial,Helvetica,sans-serif" });
  const graph = add(svg, "g", { class: "graph" });
  const uses = boxes.map(() => 0);
  for (const { arrows } of boxes) for (const [tail] of arrows) uses[tail] += 1;
  const many = uses.reduce((sum, n) => sum + n, 0);
  boxes.forEach((box, i) => {
    if (many > TANGLE) {
      const ways = box.arrows.map(([tail]) => `M${made[tail].right} ${made[tail].y}L${made[i].x} ${made[i].y}`);
      add(add(graph, "g", { class: "edge" }), "path", { d: ways.join("") });
    } else {
      box.arrows.forEach(([tail, note], a) => arrowDrawn(graph, box, a, made[tail], made[i], many > MANY * 2 ? "" : note, uses[tail] === 1));
    }
  });
  for (const one of made) boxDrawn(graph, one);
  return new XMLSerializer().serializeToString(svg);
}
