// Functions that the scripts of the page use, and what JavaScript lacks of the C library.

const { abs: fabs, atan2, exp, hypot, log10, sqrt } = Math;
const fmod = (x, y) => x % y;
const pow = (x, y) => (x === 1 || (x === -1 && fabs(y) === Infinity) ? 1 : Math.pow(x, y));
