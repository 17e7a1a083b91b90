// The state of a page as the end of its address, such as #step=5&x=2.5: the step of the player, and the
// leaves whose numbers were changed. `predict` is the switch of the quiz.

const OWN = ["step", "predict"];

// What a leaf is called there: its name, unless that is taken.
function keyOf(graph, i) {
  const { name } = graph.nodes[i];
  const taken = OWN.includes(name) || /^n\d+$/.test(name) || graph.nodes.some((node, k) => k !== i && node.leaf && node.name === name);
  return taken ? `n${i}` : name;
}

function stateOf({ graph, player, quiz, whatIf }) {
  const state = new URLSearchParams();
  if (quiz.on) state.set("predict", "1");
  if (player.position !== null) state.set("step", player.position);
  for (const [leaf, x] of whatIf.changed) state.set(keyOf(graph, leaf), exactly(x));
  return state;
}

// Puts a page into a state; it returns what could not be done, in words.
function restore({ graph, player, quiz, whatIf }, state) {
  const keys = new Map(graph.nodes.flatMap((node, i) => (node.leaf ? [[keyOf(graph, i), i]] : [])));
  const changed = new Map();
  const failed = [];
  for (const [key, text] of state) {
    const x = text.trim() === "" ? NaN : number(text);
    if (OWN.includes(key)) continue;
    if (!keys.has(key)) failed.push(`there is no leaf ${key}`);
    else if (x !== x) failed.push(`${key} is no number (${text})`);
    else if (!graph.rows) failed.push(`${key} cannot be changed here`);
    else if (x !== graph.recorded.data[keys.get(key)]) changed.set(keys.get(key), x);
  }
  if (changed.size) whatIf.all(changed);
  else whatIf.reset();
  const predicts = state.get("predict") === "1" && !graph.stale;
  if (predicts || quiz.on) quiz.turn(predicts);
  const step = Number(state.get("step") ?? NaN);
  if (quiz.on && Number.isInteger(step)) player.limit = Math.min(step, player.end);
  if (Number.isInteger(step)) player.go(step);
  else if (state.has("step")) failed.push(`step is no whole number (${state.get("step")})`);
  return failed;
}
