// What a page is made of.

function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null && child !== "" && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, props) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props)) made.setAttribute(key, value);
  return made;
}

function icon(path) {
  const made = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  made.append(drawn("path", { d: path }));
  return made;
}

const button = (label, content, action) => el("button", { type: "button", title: label, "aria-label": label, onclick: action }, content);

const ICONS = {
  first: "M3 2.5h2v11H3zM13.5 2.5v11L6 8z",
  back: "M11.5 2.5v11L4 8z",
  play: "M4 2l10 6-10 6z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  forward: "M4.5 2.5L12 8l-7.5 5.5z",
  last: "M2.5 2.5L10 8l-7.5 5.5zM11 2.5h2v11h-2z",
  open: "M9 2h5v5l-1.8-1.8L9 8.4 7.6 7l3.2-3.2zM7 14H2V9l1.8 1.8L7 7.6 8.4 9l-3.2 3.2z",
};

// A coloured number with its sign as a glyph of its own.
const signed = (x, text = brief(x)) => el("b", { class: signOf(x) }, text);

// The bytes of base64. (A function for each character would take several times as long.)
function bytesOf(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  return bytes;
}

// The text of the picture that a page has come with.
const pictureIn = (host) => new TextDecoder().decode(bytesOf(host.querySelector("img").src.split(",")[1]));

// A text that was packed with zlib, as base64.
async function unpacked(packed) {
  const bytes = bytesOf(packed);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

// A text of at most so many characters.
const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
