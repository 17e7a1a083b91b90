// Numbers as text: as Python writes them.

function special(x) {
  return x !== x ? "nan" : x === Infinity ? "inf" : x === -Infinity ? "-inf" : "";
}

// As "%.4g": Python takes the even digit where two are equally near.
function brief(x, digits = 4) {
  if (special(x)) return special(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  let [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const [exact] = x.toExponential(60).split("e");
  const beyond = exact.replace("-", "").replace(".", "").slice(digits);
  if (/^50*$/.test(beyond)) {
    const cut = exact.slice(0, mantissa.length);
    if (Number(cut.at(-1)) % 2 === 0) mantissa = cut;
  }
  exponent = Number(exponent);
  const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent < -4 || exponent >= digits) {
    return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return trimmed(Number(`${mantissa}e${exponent}`).toFixed(Math.max(digits - 1 - exponent, 0)));
}

// As Python's repr of a float: the shortest digits that give the same number.
function exactly(x) {
  if (special(x)) return special(x);
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const [mantissa, power] = x.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const digits = mantissa.replace("-", "").replace(".", "");
  const sign = x < 0 ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

// A number that was recorded and the one of now, in as many digits as tell them apart.
function both(was, now) {
  const digits = [4, 6, 9].find((n) => brief(was, n) !== brief(now, n)) ?? 17;
  return `recorded ${brief(was, digits)}, now ${brief(now, digits)}`;
}

// A gradient as so many times that of one pass; null: it is no multiple, 0: there was no pass.
function inOnePass(x, multiple) {
  if (multiple === 0) return "no gradient yet";
  return multiple === null || multiple === 1 ? brief(x) : `${brief(multiple)} × ${brief(x / multiple)}`;
}

const signOf = (x) => (x !== x ? "nan" : x > 0 ? "positive" : x < 0 ? "negative" : "zero");
const GLYPH = { positive: "+", negative: "−", zero: "0", nan: "?" };

// JSON has no inf and nan, so these come as text.
const number = (x) => (typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x);

// What a reader takes a number for.
const asShown = (x) => number(brief(x));
