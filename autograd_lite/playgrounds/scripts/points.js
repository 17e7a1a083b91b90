/* Points to learn: inputs, and a class (0 or 1) or a number. */

/* Numbers in [0, 1) that are the same for the same seed (Tommy Ettinger's mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

const rounded = (x) => Number(x.toFixed(3));
const { PI: HALF_TURN, cos: across, sin: up } = Math;

/* `count` points whose places follow from their share of the way and their class, with some noise. */
function spread(count, noise, place) {
  const random = generator(7);
  return Array.from({ length: count }, (_, k) => {
    const wanted = k % 2;
    const share = (k - wanted) / count;
    return { x: place(share, wanted, random).map((x) => rounded(x + noise * (random() + random() - 1))), wanted };
  });
}

const DATA = {
  XOR: { inputs: 2, make: () => [[-1, -1], [-1, 1], [1, -1], [1, 1]].map((x) => ({ x, wanted: Number(x[0] * x[1] < 0) })) },
  circles: { inputs: 2, make: () => spread(80, 0.12, (share, wanted) => [across, up].map((f) => (wanted ? 0.45 : 1.15) * f(2 * HALF_TURN * share))) },
  moons: { inputs: 2, make: () => spread(80, 0.16, (share, wanted) => (wanted ? [0.5 - 0.8 * across(HALF_TURN * share), 0.35 - 0.9 * up(HALF_TURN * share)] : [-0.4 + 0.8 * across(HALF_TURN * share), -0.25 + 0.9 * up(HALF_TURN * share)])) },
  spiral: { inputs: 2, make: () => spread(100, 0.06, (share, wanted) => [across, up].map((f) => (0.12 + 1.15 * share) * f(HALF_TURN * (2.5 * share + wanted)))) },
  "y = 2x": { inputs: 1, make: () => [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2].map((x) => ({ x: [x], wanted: 2 * x })) },
  "own points": { inputs: 2, make: () => [] },
};
