// Predict on the page of networks: what it hides and marks there.

class NetworkQuiz extends Quiz {
  constructor(page) {
    super(page, new NetworkQuestions(page));
    page.moment.tell = (position) => page.moment.say(...page.passes.told(position, page.rows));
  }

  turn(on, choosing) {
    const { page } = this;
    page.begin();
    for (const each of [page.switch, page.panel]) each.hidden = on;
    page.around.hidden = on || !page.rest;
    for (const { slider } of page.networks) slider.min = on ? 0 : -1;
    super.turn(on, choosing);
  }

  // The neuron that is asked for, and the lines to it.
  mark() {
    const at = this.told === null && !this.finished && this.question?.at;
    if (!at) return;
    const { columns, lines } = this.page.networks[at.which].network;
    const holds = ({ held }) => held.length === 1 && held[0] === at.neuron;
    columns[at.layer + 1].find(holds)?.group.classList.add("picked");
    for (const { line, layer, to } of lines) if (layer === at.layer && holds({ held: to })) line.classList.remove("pending");
  }

  // The numbers of a sample, without what is still to be predicted.
  known(numbers, { now, back }, which) {
    const from = (all, isKnown) => all?.map((column, c) => (isKnown(c) ? column : column.map(() => null))) ?? null;
    return {
      ...numbers, ...this.page.networks[which].samples.recorded, gradients: null, changes: null,
      activations: from(numbers.activations, (c) => back || c <= now), adjoints: from(numbers.adjoints, (c) => back && c >= now),
    };
  }
}
