// The functions of the C library, on which the rules of the op table stand.

const {
  floor, ceil, exp, expm1, log, log2, log10, log1p, sqrt, cbrt, sin, cos, tan, asin, acos, atan,
  atan2, hypot, sinh, cosh, tanh, asinh, acosh, atanh, abs: fabs,
} = Math;
const fmod = (x, y) => x % y;
const exp2 = (x) => 2 ** x;
const pow = (x, y) => (x === 1 || (x === -1 && fabs(y) === Infinity) ? 1 : Math.pow(x, y));

// Below 2 the series of positive terms, above it Laplace's continued fraction: both keep 13 digits.
function erfc(x) {
  if (!(x >= 2)) return x < -2 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 28) return 0;
  let fraction = x;
  for (let k = 120; k > 0; k--) fraction = x + k / 2 / fraction;
  return exp(-x * x) / fraction / sqrt(Math.PI);
}

function erf(x) {
  if (fabs(x) >= 2) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 80; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / sqrt(Math.PI)) * exp(-x * x) * total;
}
