// Functions that the scripts of the page use.

const { abs: fabs, atan2, exp, hypot, log10, sqrt } = Math;
