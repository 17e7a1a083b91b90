// Search by label, op or scope, through the pictures inside of folded boxes too.

class Search {
  constructor(page) {
    this.page = page;
    this.hits = []; // {level, box}, of the pictures in their order
    this.hit = null;
    this.field = el("input", { type: "search", placeholder: "Search label, op, scope", "aria-label": "Search by label, op or scope", oninput: () => this.find() });
    this.matches = el("span", { class: "matches", role: "status" });
  }

  clear() {
    this.field.value = "";
    this.find();
  }

  texts(box, i) {
    const node = this.page.graph?.nodes[i];
    return [box.label, box.symbol, box.scope.join("."), ...(node ? [node.name, node.op] : box.lines.map(([text]) => text))];
  }

  async find() {
    const { page, field } = this;
    const wanted = field.value.trim().toLowerCase();
    this.hits = this.within(page.level, wanted);
    this.hit = null;
    this.show(wanted);
    if (this.hits.length) page.reveal(this.hits[0].box);
    if (!wanted || !page.inside.size) return;
    const levels = await page.unpack();
    if (field.value.trim().toLowerCase() !== wanted) return; // there is another search by now
    this.hits = [...levels.values()].flatMap((level) => this.within(level, wanted));
    this.show(wanted);
  }

  within(level, wanted) {
    if (!wanted) return [];
    // a box for what lies outside of the picture is found where that lies
    const fits = (box, i) => box.kind !== "outside" && this.texts(box, i).some((text) => text.toLowerCase().includes(wanted));
    return level.boxes.flatMap((box, i) => (fits(box, i) ? [{ level: level.name, box: i }] : []));
  }

  // Marks what is in view, and the boxes that hold the rest.
  show(wanted) {
    const { level, drawing, inside } = this.page;
    const here = this.hits.filter((hit) => hit.level === level.name);
    const others = this.hits.length - here.length;
    const holds = ({ id }) => this.hits.some((hit) => hit.level === id || hit.level.startsWith(`${id}_`));
    const among = inside.size ? `${here.length} here, ${others} in other pictures` : `${here.length} of ${level.boxes.length}`;
    this.matches.textContent = wanted ? among : "";
    drawing.svg.classList.toggle("searching", Boolean(wanted));
    drawing.mark("found", new Set(here.map(({ box }) => box)));
    drawing.mark("holds", new Set(level.boxes.flatMap((box, i) => (holds(box) ? [i] : []))));
  }

  // To the next hit, wherever it is.
  async next() {
    if (!this.hits.length) return;
    const { hits, page } = this;
    const here = hits.findIndex(({ level }) => level === page.level.name);
    const at = this.hit ? (hits.indexOf(this.hit) + 1) % hits.length : Math.max(here, 0);
    this.hit = hits[at];
    await page.open(this.hit.level);
    page.select(this.hit.box);
    page.reveal(this.hit.box);
  }
}
