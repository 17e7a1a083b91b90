// Saves the picture, as it is seen now, and the state of the page as a link.

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "paint-order", "opacity", "visibility", "font-family", "font-size", "font-weight", "text-anchor"];
const PNG_SCALE = 2;
const MOST_PIXELS = 8192;

// A colour as older programs know it, and how opaque it is.
function plainColour(text) {
  const [, space, rest] = /^(rgba?|color)\((.*)\)$/.exec(text) ?? [];
  if (!space) return [text, 1];
  const numbers = rest.match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);
  const scale = space === "color" ? 255 : 1;
  return [`rgb(${numbers.slice(0, 3).map((x) => Math.round(x * scale)).join(",")})`, numbers[3] ?? 1];
}

// An SVG that needs no style of the page.
function pictureOf({ svg, size }, stage) {
  const copy = svg.cloneNode(true);
  const copies = [...copy.querySelectorAll("*")];
  [...svg.querySelectorAll("*")].forEach((element, i) => {
    const style = getComputedStyle(element);
    const made = copies[i];
    if (style.display === "none" || element.closest(".grip, .opener")) made.setAttribute("display", "none");
    for (const { name } of [...made.attributes]) if (/^(class|style|role|tabindex|aria-|data-)/.test(name)) made.removeAttribute(name);
    if (element.tagName === "g") return;
    for (const key of KEPT) {
      const [value, opacity] = plainColour(style.getPropertyValue(key));
      made.setAttribute(key, value);
      if (opacity < 1) made.setAttribute(`${key}-opacity`, opacity);
    }
  });
  for (const hidden of copy.querySelectorAll("[display=none]")) hidden.remove();
  for (const name of ["style", "class", "role", "aria-label"]) copy.removeAttribute(name);
  const place = { x: size.x, y: size.y, width: size.width, height: size.height };
  copy.setAttribute("viewBox", Object.values(place).join(" "));
  copy.setAttribute("width", size.width);
  copy.setAttribute("height", size.height);
  copy.prepend(drawn("rect", { ...place, fill: plainColour(getComputedStyle(stage).backgroundColor)[0] }));
  return new XMLSerializer().serializeToString(copy);
}

async function pixelsOf(picture, { width, height }) {
  const image = new Image();
  const bytes = new TextEncoder().encode(picture);
  image.src = `data:image/svg+xml;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
  await image.decode();
  const scale = Math.min(PNG_SCALE, MOST_PIXELS / Math.max(width, height));
  const canvas = el("canvas", { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

class Save {
  constructor(page) {
    this.page = page;
    this.said = el("p", { class: "hint", role: "status" });
    const way = (name, title, action) => el("button", { type: "button", title, onclick: action }, name);
    const ways = [
      way("Picture: SVG", "Sharp at any size", () => this.svg()), way("Picture: PNG", "For slides", () => this.png()),
      page.page.full && page.graph && way("Copy link", "Opens this page at this step, with these numbers", () => this.link()),
    ];
    this.menu = el("div", { class: "menu", hidden: true }, ...ways, this.said);
    this.button = el("button", { type: "button", title: "Save the picture, or a link to what is shown", "aria-expanded": "false", onclick: () => this.open(this.menu.hidden) }, "Save");
    this.element = el("div", { class: "save" }, this.button, this.menu);
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !this.element.contains(relatedTarget)) this.open(false);
    });
  }

  open(open) {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    this.said.replaceChildren();
  }

  keep(blob, ending) {
    const link = el("a", { href: URL.createObjectURL(blob), download: `graph.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.said.textContent = `graph.${ending} is saved.`;
  }

  picture() {
    return pictureOf(this.page.drawing, this.page.stage);
  }

  svg() {
    this.keep(new Blob([this.picture()], { type: "image/svg+xml" }), "svg");
  }

  async png() {
    this.keep(await pixelsOf(this.picture(), this.page.drawing.size), "png");
  }

  async link() {
    history.replaceState(null, "", `#${stateOf(this.page)}`);
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    this.said.textContent = copied ? "The link is copied." : "The link stands in the address bar.";
  }
}
