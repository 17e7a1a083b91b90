/* What the settings of the network's tab mean, in a sentence each; those of activations come with the table. */

const MEANINGS = {
  Activation: {
    "": "What each hidden neuron does to its sum; without a bend, layers would be one line.",
  },
  Weights: {
    "": "How the first weights are drawn, at random.",
    glorot_uniform: "Evenly from a range that is smaller for neurons with many inputs and outputs; made for tanh and sigmoid.",
    he_uniform: "Evenly from a range that is smaller for neurons with many inputs; made for relu.",
    uniform: "Evenly from one range, whatever the layer.",
  },
  Loss: {
    "": "The one number that says how wrong the network is.",
    squared_error: "The distance from the target, squared.",
    absolute_error: "The distance from the target.",
    binary_cross_entropy: "How surprised one is by the class, if the sigmoid of the output is the probability of class 1.",
    hinge: "0 if the output is on the right side by at least 1, and else how much is missing.",
  },
  Optimiser: {
    "": "How a step goes from gradients to new weights.",
    SGD: "Each number moves against its gradient, times the rate.",
    "SGD with momentum": "As SGD, but a step keeps most of the one before, as a rolling ball does.",
    "SGD with Nesterov's momentum": "As momentum, but it looks ahead to where the ball is going.",
    Adam: "Momentum, and for each number a step of its own size, by how large its gradients have been.",
  },
  Rate: { "": "How far one step goes: small is slow, large may overshoot." },
  Batch: { "": "How many points one step looks at; an epoch is once through all of them." },
  Data: { "": "The points to learn." },
};

/* The sentence of a setting, and that of what was chosen. */
const meaningOf = (label, name) => [MEANINGS[label]?.[""], MEANINGS[label]?.[name]].filter(Boolean).join(" ");
