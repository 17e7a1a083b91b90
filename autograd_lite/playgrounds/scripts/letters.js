/* A gradient in letters: one product for each path, and why they add up. */

const MOST_WAYS = 8;
const LONGEST_PART = 30;

/* A node in letters: a name, or what it is computed as. */
function inLetters(nodes, i, deep = 12) {
  const node = nodes[i];
  if (!node.args.length || node.label || !deep) return node.name;
  const parts = node.call.map((part, k) => {
    if (typeof part === "string") return part;
    const text = inLetters(nodes, part, deep - 1);
    const alone = /[([,] ?$/.test(node.call[k - 1] ?? "") && /^[)\],]/.test(node.call[k + 1] ?? "");
    return alone ? text : bracketed(text);
  });
  const text = parts.join("");
  return text.length > LONGEST_PART ? node.name : text;
}

/* In brackets, unless nothing splits it. */
const bracketed = (text) => (/^([\p{L}\p{N}_.]+|[\p{L}\p{N}_]+\([^()]*\))²?$/u.test(text) ? text : `(${text})`);

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
      const text = template ? template.map((part, j) => {
        if (typeof part === "string") return part;
        const alone = template.length === 1 || (/[([,] ?$/.test(template[j - 1] ?? "") && /^[)\],]/.test(template[j + 1] ?? ""));
        const named = part === user && !nodes[user].label ? inLetters(nodes, user) : inLetters(nodes, part);
        return alone ? named : bracketed(named);
      }).join("") : `∂${nodes[user].name}/∂${nodes[nodes[user].args[k]].name}`;
      if (text === "-1") sign = sign ? "" : "-";
      else if (text !== "1") factors.push(text);
    }
    const whole = factors.length === 1 && (!sign || !/ [-+] /.test(factors[0]));
    return `${sign}${(whole ? factors : factors.map(bracketed)).join(" × ") || "1"}`;
  }

  of(slot, i) {
    const { nodes, graph, letter, now } = slot;
    const { found, count, sum } = graph.paths(i, now.partials, MOST_WAYS);
    const name = nodes[i].name;
    const title = el("h2", {}, `Why ∂${letter}/∂${name} = `, el("b", { class: signOf(sum) }, brief(sum)));
    if (!count) return [title, el("p", { class: "hint" }, `No path with a derivative leads from ${name} to ${letter}.`)];
    const ways = el("ol", { class: "ways" }, ...found.map((way) => {
      const chain = [name, ...way.edges.map(([user]) => (user === graph.root ? letter : nodes[user].name))].join(" → ");
      return el("li", {}, el("span", { class: "chain" }, chain), el("span", { class: "product" }, el("span", { class: "in-letters" }, this.product(slot, way)), " = ", signed(way.product)));
    }));
    const all = count <= BigInt(MOST_WAYS);
    const terms = all ? found.map((way) => this.product(slot, way)) : [];
    const letters = all ? terms.join(" + ").replaceAll("+ -", "− ") : `a sum over ${count.toLocaleString("en")} paths`;
    const numbers = all && found.length > 1 ? ` = ${found.map((way, k) => (k && !(way.product < 0) ? `+ ${brief(way.product)}` : k ? `− ${brief(-way.product)}` : brief(way.product))).join(" ")}` : "";
    const why = count === 1n
      ? `One path leads from ${name} to ${letter}: along it, the partial derivatives multiply.`
      : `${count.toLocaleString("en")} paths lead from ${name} to ${letter}. Along a path the partial derivatives multiply. A small change of ${name} goes along all paths at once, and each moves ${letter}, as if the others stood still; so what they bring adds up.`;
    return [title, ways, el("p", { class: "total" }, `∂${letter}/∂${name} = ${letters}${numbers} = `, signed(sum)), el("p", { class: "hint" }, why)];
  }
}
