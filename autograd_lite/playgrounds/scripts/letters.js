/* A gradient in letters: one product for each path, and why they add up. */

const MOST_WAYS = 8;
const MOST_STEPS = 12;
const LONGEST_PART = 30;

/* How tightly a text binds: as a sum (1), a product (2), a sign (3), a power (4), or as what nothing splits (5). */
function binding(text) {
  let depth = 0;
  let found = text.startsWith("-") ? 3 : 5;
  for (let k = 0; k < text.length; k++) {
    if ("([".includes(text[k])) depth++;
    if (")]".includes(text[k])) depth--;
    if (depth) continue;
    const here = text.slice(k, k + 3);
    if (k && (here === " + " || here === " - ")) return 1;
    if (here === " × " || here === " / " || here === " % ") found = Math.min(found, 2);
    if (here.startsWith("**") || here[0] === "²") found = Math.min(found, 4);
  }
  return found;
}

/* How tightly a text must bind between others. */
function needed(before, after) {
  const left = { "+ ": 1, "- ": 2, "× ": 2, "/ ": 3, "% ": 3, "**": 5 }[before.slice(-2)] ?? (before.endsWith("-") ? 4 : 0);
  const right = { " +": 1, " -": 1, " ×": 2, " /": 2, " %": 2, "**": 5 }[after.slice(0, 2)] ?? (after.startsWith("²") ? 5 : 0);
  return Math.max(left, right);
}

/* A template in letters, where each node has a text. */
function lettered(template, text) {
  return template.map((part, k) => {
    if (typeof part === "string") return part;
    const found = text(part);
    return binding(found) < needed(template[k - 1] ?? "", template[k + 1] ?? "") ? `(${found})` : found;
  }).join("");
}

/* A node in letters: a name, or what it is computed as. */
function inLetters(nodes, i, deep = 12) {
  const node = nodes[i];
  if (!node.args.length || node.label || !deep) return node.name;
  const text = lettered(node.call, (part) => inLetters(nodes, part, deep - 1));
  return text.length > LONGEST_PART ? node.name : text;
}

class Letters {
  constructor(desk) {
    this.desk = desk;
    this.element = el("section", { class: "card-of letters", "aria-label": "Gradient in letters" });
  }

  show() {
    const { desk } = this;
    const slots = desk.read.filter((slot) => slot.now && slot.variables.has(desk.over));
    this.element.hidden = !slots.length;
    this.element.replaceChildren(...slots.flatMap((slot) => this.of(slot, slot.variables.get(desk.over))));
  }

  /* The factors of one path that say something, from the output down. */
  product({ nodes }, way) {
    const factors = [];
    let sign = "";
    for (const [user, k] of [...way.edges].reverse()) {
      const template = nodes[user].derivatives[k];
      const text = template ? lettered(template, (part) => inLetters(nodes, part)) : `∂${nodes[user].name}/∂${nodes[nodes[user].args[k]].name}`;
      const turned = text.startsWith("-") && binding(text) > 1;
      if (turned) sign = sign ? "" : "-";
      const bare = turned ? text.slice(1) : text;
      if (bare !== "1") factors.push(bare);
    }
    const least = factors.length > 1 ? 2 : sign ? 2 : 0;
    return `${sign}${factors.map((text) => (binding(text) < least ? `(${text})` : text)).join(" × ") || "1"}`;
  }

  of(slot, i) {
    const { nodes, graph, letter, now } = slot;
    const wording = new Wording(graph);
    const { found, count, sum } = graph.paths(i, now.partials, MOST_WAYS);
    const name = nodes[i].name;
    const title = el("h2", {}, `Why ∂${letter}/∂${name} = `, el("b", { class: signOf(sum) }, brief(sum)));
    if (!count) return [title, el("p", { class: "hint" }, `No path with a derivative leads from ${name} to ${letter}.`)];
    const ways = el("ol", { class: "ways" }, ...found.map((way) => {
      const steps = wording.along(i, way.edges);
      const chain = (steps.length > MOST_STEPS ? [...steps.slice(0, 4), `… ${steps.length - 6} more …`, ...steps.slice(-2)] : steps).join(" → ");
      // which partial derivatives these are, as two paths may read alike in letters
      const factors = way.edges.length > 1 && steps.length <= MOST_STEPS && [...way.edges].reverse().map(([user, k]) => wording.fraction(user, k)).join(" × ");
      return litWay(i, way, () => slot.drawn, el("span", { class: "chain" }, chain), factors && el("span", { class: "chain factors" }, factors), el("span", { class: "product" }, el("span", { class: "in-letters" }, this.product(slot, way)), " = ", signed(way.product)));
    }));
    const all = count <= BigInt(MOST_WAYS);
    const terms = all ? found.map((way) => this.product(slot, way)) : [];
    const letters = all ? terms.join(" + ").replaceAll("+ -", "− ") : `a sum over ${count.toLocaleString("en")} paths`;
    const numbers = all && found.length > 1 ? `${found.map((way, k) => (k && !(way.product < 0) ? `+ ${brief(way.product)}` : k ? `− ${brief(-way.product)}` : brief(way.product))).join(" ")}` : "";
    const why = count === 1n
      ? `One path leads from ${name} to ${letter}: along it, the partial derivatives multiply.`
      : `${count.toLocaleString("en")} paths lead from ${name} to ${letter}. Along a path the partial derivatives multiply. A small change of ${name} goes along all paths at once, and each moves ${letter}, as if the others stood still; so what they bring adds up.`;
    return [title, ways, el("p", { class: "total" }, `${equation(`∂${letter}/∂${name}`, letters === brief(sum) ? "" : letters, numbers)} = `, signed(sum)), el("p", { class: "hint" }, why)];
  }
}
