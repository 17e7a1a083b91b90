// Questions for the next number of a graph: what is asked, what is right, and what is said to a wrong answer.

const TOLERANCE = 0.01;
const MOST_PARTS = 8;

// A number as people type it: with a comma, as a fraction, with the long minus sign. NaN if it is none.
function typed(text) {
  const clean = text.trim().replace(/[−–]/g, "-").replace(/^([^.]*),([^.,]*)$/, "$1.$2").replace(/\s+/g, "");
  if (/^[-+]?(nan|inf)$/i.test(clean)) return { isNumber: true, x: number(clean.toLowerCase().replace("+", "")) };
  const [, over, under = "1"] = /^([-+]?[\d.]+(?:e[-+]?\d+)?)(?:\/([-+]?[\d.]+))?$/i.exec(clean) ?? [];
  const x = Number(over) / Number(under);
  return { isNumber: over !== undefined && x === x, x };
}

const near = (x, truth) => Object.is(x, truth) || x === truth || fabs(x - truth) <= TOLERANCE * fabs(truth);
const blank = () => el("span", { class: "blank" }, "?");
const ORDINALS = ["first", "second", "third", "fourth", "fifth"];
const term = (content, caption) => el("span", { class: "term" }, content, el("small", {}, caption));
const between = (text) => el("span", { class: "sign" }, text);

class Questions {
  constructor(graph, wording) {
    Object.assign(this, { graph, wording, name: wording.name });
    this.first = "First forwards: the number of each box. Then backwards: what each arrow brings to a gradient. ";
  }

  // Of a step of the player: one question, or two where a part is added to what has arrived before.
  of(position, numbers) {
    const step = this.graph.steps[position];
    return step ? this[step.kind](step, position, numbers) : [];
  }

  // How many are asked before each step, and in the end.
  before() {
    const { graph, graph: { uses, steps } } = this;
    const counts = [0];
    for (const { kind, node, arg, parent } of steps) {
      const again = kind === "edge" && (uses[parent][0][0] !== node || uses[parent][0][1] !== arg);
      const given = kind === "seed" && graph.seed !== 1;
      counts.push(counts.at(-1) + (given ? 0 : 1 + Number(again)));
    }
    return counts;
  }

  forward({ node }, position, numbers) {
    const { graph, wording, name } = this;
    const { call, args } = graph.nodes[node];
    const given = wording.given(node, numbers);
    const words = `${name(node)} = ${inWords(call, name)}`;
    const filled = `${name(node)} = ${inNumbers(call, given)}`;
    const known = [...new Set(args)].filter((p) => !graph.nodes[p].constant).slice(0, MOST_PARTS).map((p) => `${name(p)} is ${brief(given[p])}`);
    const truth = numbers.data[node];
    return [{
      kind: "forward: the number of a box",
      truths: [truth, ...graph.forward(node, args.map((p) => asShown(given[p])))],
      formula: (_, answer = blank()) => [`${words} =`, answer],
      words: () => `Which number does ${name(node)} get?`,
      hint: (x, tries) => {
        const sign = near(x, -truth) ? "The size is right, the sign is not. " : "";
        return tries > 1 || !known.length ? `${sign}${filled} = …` : sign || `Look at the boxes before it: ${known.join(", ")}.`;
      },
      told: `${equation(filled, brief(truth))}.`,
    }];
  }

  seed({ node }) {
    if (this.graph.seed !== 1) return []; // what follows gives it
    const root = this.name(node);
    return [{
      kind: "the start at the output",
      truths: [1],
      formula: (_, answer = blank()) => [`∂${root}/∂${root} =`, answer],
      words: () => `Now backwards. The gradient of a box says how fast the output ${root} changes with it. How fast does ${root} change with ${root} itself?`,
      hint: (x, tries) => (tries > 1 ? `When ${root} grows by 0.1, ${root} grows by 0.1: how many times as much is that?` : `Say ${root} grows by 0.1. By how much does ${root} grow then, and how many times 0.1 is that?`),
      told: `∂${root}/∂${root} = 1: the output changes as fast as itself.`,
    }];
  }

  edge({ node, arg, parent }, position, numbers) {
    const { graph, wording, name } = this;
    const { last } = graph.adjoints(numbers, position + 1);
    const { upstream, contribution, before, after } = last;
    const partial = numbers.partials[node][arg];
    const [up, to] = [name(node), name(parent)];
    const { symbol, call, args } = graph.nodes[node];
    const alike = args.flatMap((p, k) => (p === parent ? [k] : []));
    const alone = alike.length > 1 ? ` ${to} stands there ${alike.length === 2 ? "twice" : `${alike.length} times`}: here only the ${ORDINALS[alike.indexOf(arg)] ?? `${alike.indexOf(arg) + 1}th`} one changes.` : "";
    const given = `The gradient of ${up} is ${brief(upstream)}, and the partial derivative is ${wording.partial(node, arg, numbers)}`;
    const product = inNumbers(["", 0, " × ", 1], [upstream, partial]);
    const part = {
      kind: `an arrow through ${symbol}`,
      truths: [contribution, asShown(upstream) * asShown(partial)],
      formula: (hinted, answer = blank()) => [
        term(signed(upstream), `gradient of ${up}`), between("×"),
        hinted ? term(signed(partial), wording.fraction(node, arg)) : term(wording.fraction(node, arg), "partial derivative"), between("="),
        term(answer, `goes to ${to}`),
      ],
      words: () => `How much does the marked arrow bring to ${to}? ${wording.fraction(node, arg)} says how fast ${up} = ${inWords(call, name)} changes when only ${to} changes.${alone}`,
      more: () => `The partial derivative is ${wording.partial(node, arg, numbers)}.`,
      hint: (x, tries) => {
        const said = near(x, -contribution) ? "The size is right, the sign is not"
          : near(x, partial) ? `That is the partial derivative alone; the gradient of ${up} belongs to it`
          : near(x, upstream) ? `That is the gradient of ${up} alone; the partial derivative belongs to it`
          : alone && near(x, alike.reduce((sum, k) => sum + numbers.partials[node][k] * upstream, 0)) ? "That is for all of them; the others have arrows of their own"
          : near(x, after) ? "That is the sum already; asked is the part that this arrow brings" : "";
        const kind = said || (tries > 1 ? "" : `Find ${wording.fraction(node, arg)} first: if ${alone ? `only this ${to}` : `${to} alone`} grows by 0.001, by how many thousandths does ${up} change`);
        return `${kind && `${kind}${said ? "." : "?"} `}${tries > 1 ? `${given}.` : ""}${tries > 2 ? ` Multiply: ${product} = …` : ""}`;
      },
      told: `${equation(product, brief(contribution))}.`,
    };
    const uses = graph.uses[parent];
    const turn = uses.findIndex(([user, k]) => user === node && k === arg);
    if (!turn) return [part];
    return [part, {
      kind: "adding the parts of a value that is used again",
      truths: [after, asShown(before) + asShown(contribution)],
      formula: (_, answer = blank()) => [term(signed(before), `gradient of ${to} so far`), term(signed(contribution), "this arrow brings"), between("→"), term(answer, `gradient of ${to} now`)],
      words: () => `${to} is used ${uses.length} times, and another use has brought its part already. What is the gradient of ${to} now?`,
      hint: (x, tries) => {
        const said = near(x, contribution) ? "That would forget what came before"
          : near(x, before) ? "That would forget what this arrow brings" : "";
        const kind = said || (tries > 1 ? "" : `A small change of ${to} goes along all of its arrows at once, so ${name(graph.root)} feels the sum of them`);
        return `${kind && `${kind}. `}${tries > 1 ? `${to} had ${brief(before)}, and this arrow brings gradient × partial derivative = ${product}.` : ""}`;
      },
      told: `${to}: ${inNumbers(["", 0, " + ", 1], [before, contribution])} = ${brief(after)}.`,
    }];
  }

  // What is to be kept: the gradient of each leaf as the sum of its parts, and a small change as the proof.
  lessons(numbers) {
    const { graph, name } = this;
    const { root } = graph;
    const { grad, flows } = graph.adjoints(numbers);
    const leaves = graph.nodes.flatMap((node, i) => (node.leaf && graph.uses[i].length ? [i] : []));
    const sums = leaves.slice(0, 6).map((i) => {
      const parts = graph.uses[i].map(([user, k]) => [flows[user][k], user]);
      const terms = parts.slice(0, MOST_PARTS).flatMap(([part, user], k) => [k ? between("+") : "", term(signed(part), `by ${name(user)}`)]);
      const rest = parts.length > MOST_PARTS ? between(`+ … (${parts.length} parts)`) : "";
      return [`∂${name(root)}/∂${name(i)}`, between("="), ...terms, rest, ...(parts.length > 1 ? [between("="), signed(grad[i])] : [])];
    });
    const most = leaves.reduce((best, i) => (graph.uses[i].length > (graph.uses[best]?.length ?? 1) ? i : best), null);
    const proof = [];
    if (most !== null) {
      proof.push(`${name(most)} is used ${graph.uses[most].length} times. When it changes, all of its uses change at once, and ${name(root)} gets the sum of what comes of each: that is why the parts add.`);
      if (graph.rows) {
        const nudge = 0.001;
        const changed = new Map([...graph.nodes.keys()].filter((i) => graph.nodes[i].leaf).map((i) => [i, numbers.data[i]]));
        changed.set(most, numbers.data[most] + nudge);
        const moved = graph.evaluated(changed).data[root] - numbers.data[root];
        proof.push(`The proof: with ${name(most)} larger by ${nudge}, ${name(root)} changes by ${brief(moved)}, and the gradient predicts ${equation(inNumbers(["", 0, ` × ${nudge}`], [grad[most]]), brief(grad[most] * nudge))}.`);
      }
    }
    return { sums, proof };
  }
}
