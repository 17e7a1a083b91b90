// The page of a graph. What it stands on is in scripts/; `open` at the end is called by what page.py
// writes. Nothing here asks the network, and everything a user has written is set as text.

class Page {
  constructor(host, page, rows) {
    Object.assign(this, { page, rows });
    this.graph = page.nodes && new Graph(page.nodes, rows, page.seed);
    this.wording = this.graph && new Wording(this.graph);
    const outermost = { ...page, name: "", title: "graph", svg: pictureIn(host) };
    this.levels = new Map([["", outermost]]);
    this.inside = new Set("DecompressionStream" in window ? page.inside : []);
    this.level = outermost;
    this.drawing = new Drawing(outermost.svg, outermost, this.graph);
    this.selected = null;
    this.helping = page.helping ?? (page.full || isNew());
    if (this.graph) {
      this.whatIf = new WhatIf(this.graph, this.wording, () => this.render());
      this.player = new Player(this.graph, page.pace, () => this.render(), () => !this.app.isConnected);
      this.quiz = new Quiz(this);
    }
    this.root = host.attachShadow({ mode: "open" });
    this.root.append(el("style", {}, page.style), this.build());
    this.keys = new Keys(this);
    this.follow(host);
    this.camera = new Camera(this.stage, this.drawing, (_, dx) => this.drag(dx));
    this.dragged = null;
    this.listen();
    this.shape();
    this.enter();
    if (page.full && this.graph) {
      this.restore();
      addEventListener("hashchange", () => this.restore());
    }
  }

  // What a link asks for.
  restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (![...state].length) return;
    const failed = restore(this, state);
    this.linked.textContent = failed.length ? `Of the link only a part could be shown: ${failed.join("; ")}.` : "";
    this.banner.hidden = !this.page.notes.length && !failed.length;
  }

  // --- inside folded boxes ---

  opens(i) {
    return this.inside.has(this.level.boxes[i].id);
  }

  async unpack() {
    if (this.levels.size === 1 && this.inside.size) {
      for (const level of JSON.parse(await unpacked(this.page.packed))) this.levels.set(level.name, level);
    }
    return this.levels;
  }

  async open(name) {
    const levels = await this.unpack();
    const from = this.level.name;
    if (from === name || !levels.has(name)) return;
    this.level = levels.get(name);
    this.drawing = new Drawing((this.level.svg ??= layered(this.level.boxes)), this.level, null);
    this.camera.drawing = this.drawing;
    this.stage.querySelector("svg").replaceWith(this.drawing.svg);
    this.selected = this.hovered = this.kept = null;
    this.card.hidden = true;
    this.control.replaceChildren(); // what it had was of a box that is gone
    this.camera.begin();
    this.enter();
    this.search.show(this.search.field.value.trim());
    // on the way up, to the box that one comes from
    const inner = from.split("_").slice(0, name ? name.split("_").length + 1 : 1).join("_");
    const at = this.level.boxes.findIndex(({ id }) => id === inner);
    if (this.root.activeElement !== this.search.field) this.focus(at < 0 ? this.level.root : at, false);
  }

  up() {
    if (this.level.name) this.open(this.level.name.split("_").slice(0, -1).join("_"));
  }

  // A new drawing has come to the stage.
  enter() {
    this.drawing.place(this.level.boxes.flatMap((_, i) => (this.opens(i) ? [i] : [])));
    this.drawing.boxes[this.level.root]?.group.setAttribute("tabindex", "0");
    this.camera.overview.of(this.drawing);
    this.camera.apply();
    this.crumbs.hidden = !this.inside.size;
    const parts = this.level.name ? this.level.name.split("_") : [];
    const names = ["", ...parts.map((_, k) => parts.slice(0, k + 1).join("_"))];
    this.trail.replaceChildren(...names.map((name) => {
      const here = name === this.level.name;
      const { title } = this.levels.get(name);
      return el("li", {}, el("button", { type: "button", "aria-current": here && "location", onclick: () => this.open(name) }, title));
    }));
    this.render();
  }

  // --- the frame ---

  build() {
    const { page, graph } = this;
    this.search = new Search(this);
    const zoom = el(
      "div", { class: "zoom", role: "group", "aria-label": "View" },
      button("Zoom out (−)", "−", () => this.camera.zoom(1 / 1.3)),
      button("Zoom in (+)", "+", () => this.camera.zoom(1.3)),
      button("Fit (0)", "Fit", () => this.camera.fit()),
    );
    this.asked = button("How to read it, and the keys (?)", "?", () => this.help());
    this.save = new Save(this);
    this.tools = el("div", { class: "tools" }, this.search.field, this.search.matches, this.quiz?.switch, zoom, this.asked, this.save.element);
    const header = el("header", {}, el("h1", {}, page.title), this.tools);
    this.card = el("div", { class: "card", hidden: true });
    this.stage = el("div", { class: "stage" }, this.drawing.svg, this.card);
    this.moment = new Moment(graph, this.wording);
    this.trail = el("ol");
    this.crumbs = el("nav", { class: "crumbs", "aria-label": "Breadcrumbs" }, this.trail);
    this.linked = el("p");
    this.banner = el("div", { class: "banner", role: "note", hidden: !page.notes.length }, ...page.notes.map((note) => el("p", {}, note)), this.linked);
    const left = el("div", { class: "left" }, this.banner, this.crumbs, this.stage, this.moment.element, this.quiz?.element, this.player?.element);
    this.facts = el("div", { class: "facts" });
    this.control = el("div", { class: "control" });
    // Regions of one document have names of their own, also where graphs have one title.
    const { dataset } = this.root.host;
    const alike = [...document.querySelectorAll("[data-details]")].filter((other) => other.dataset.details === page.title).length;
    dataset.details = page.title;
    const details = `Details: ${page.title}${alike ? `, ${alike + 1}` : ""}`;
    this.panel = el("div", { class: "panel", role: "region", "aria-label": details, tabindex: 0 }, this.facts, this.control);
    this.main = el("div", { class: "main" }, left, this.panel);
    this.part = el("div", { class: "part", hidden: true });
    this.app = el(page.full ? "main" : "div", { class: page.full ? "app full" : "app", role: page.full ? "main" : "group", "aria-label": page.title, tabindex: -1 }, header, this.main, this.part);
    return this.app;
  }

  // The theme of the notebook around it, or of the system.
  follow(host) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const set = () => {
      const { jpThemeLight, vscodeThemeKind = "" } = document.body.dataset;
      const said = jpThemeLight ? jpThemeLight === "false" : vscodeThemeKind ? /dark/.test(vscodeThemeKind) : dark.matches;
      this.app.classList.toggle("dark", said);
    };
    set();
    dark.addEventListener("change", set);
    new MutationObserver(set).observe(document.body, { attributes: true });
  }

  shape() {
    const { size } = this.drawing;
    this.stage.style.setProperty("--ratio", `${size.width} / ${size.height}`);
    const tall = Math.ceil(size.height * 1.4 + 40);
    // as high for pictures that are opened later, so that nothing jumps
    this.stage.style.setProperty("--tall", this.inside.size ? `max(24em, ${tall}px)` : `${tall}px`);
    // a drawing that would be too small beside the details has them below
    this.stage.style.setProperty("--need", `${Math.ceil(size.height * this.camera.readable + 24)}px`);
    const stack = () => this.app.classList.toggle("stacked", !this.page.full && size.width * FROM_AFAR > 0.7 * this.app.clientWidth);
    if (this.graph) this.moment.longest();
    const settle = () => {
      stack();
      this.moment.reserve();
    };
    settle();
    new ResizeObserver(settle).observe(this.app);
    this.camera.begin();
  }

  listen() {
    const boxOf = (event) => {
      const group = event.target.closest?.("[data-box]");
      return group ? Number(group.dataset.box) : null;
    };
    const { stage } = this;
    stage.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.hover(boxOf(event)));
    stage.addEventListener("pointerleave", () => this.hover(null));
    stage.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && this.hover(boxOf(event)));
    stage.addEventListener("focusout", () => this.hover(null));
    stage.addEventListener("pointerdown", (event) => {
      const box = boxOf(event);
      this.dragged = null;
      if (box === null || !this.whatIf?.allows(box) || !event.target.matches(".grip, .data")) return;
      this.dragged = box;
      this.whatIf.grab(box);
    });
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { this.dragged = null; });
    stage.addEventListener("click", (event) => {
      const box = boxOf(event);
      if (this.camera.moved < 5) {
        if (event.target.closest(".opener")) this.open(this.level.boxes[box].id);
        else this.select(box);
      }
      this.camera.moved = 0;
    });
    stage.addEventListener("dblclick", (event) => {
      const box = boxOf(event);
      if (box !== null && this.opens(box)) this.open(this.level.boxes[box].id);
      else if (!event.target.closest(".opener")) this.camera.zoom(1.6, this.camera.at(event));
    });
  }

  // Whether what is dragged is the number of a leaf, and not the picture.
  drag(dx) {
    if (this.dragged === null) return false;
    if (this.selected !== this.dragged) this.select(this.dragged);
    this.whatIf.drag(dx);
    return true;
  }

  // --- what is shown now ---

  now() {
    const { recorded } = this.graph;
    if (this.quiz.on) return this.quiz.hide(this.player.known(this.whatIf.numbers));
    if (this.player.position !== null || this.whatIf.changed.size) return this.player.known(this.whatIf.numbers);
    const none = this.page.multiple === 0;
    const flows = recorded.partials.map((row, i) => row.map((p) => (none ? null : carried(recorded.grad[i], p))));
    return { asRecorded: true, ...recorded, flows };
  }

  render() {
    if (this.graph) {
      this.current = this.now();
      this.drawing.show(this.current);
      this.tell();
      this.player.show(this.moment.text);
    } else {
      this.moment.remark(this.level.caption, this.remarks());
      if (this.level.result) this.moment.element.append(this.resultsOf(this.level));
    }
    this.level.boxes.forEach((box, i) => this.drawing.boxes[i].group.setAttribute("aria-label", this.spoken(i)));
    this.describe();
    if (this.hovered != null) this.hover(this.hovered);
  }

  tell() {
    const { position } = this.player;
    const { changed, numbers } = this.whatIf;
    if (changed.size && position === null) {
      this.moment.foretell(changed, numbers);
      for (const name of ["now", "asked"]) this.drawing.mark(name, new Set(), []);
      return;
    }
    const { boxes, edges, place, asked } = this.quiz.on
      ? this.quiz.say(this.moment, position, numbers, this.current.last)
      : this.moment.tell(position, numbers, this.current.last);
    this.drawing.mark("now", new Set(boxes), edges);
    this.drawing.mark("asked", new Set(asked === undefined ? [] : [asked]));
    if (place < this.drawing.boxes.length) this.reveal(place);
  }

  // What a picture cannot say of itself.
  remarks() {
    const { name, boxes } = this.level;
    const whole = !this.compares(); // and of that a part can be drawn
    const missing = this.page.closed + (this.page.inside ?? []).length - this.inside.size;
    const closed = name ? boxes.filter((box, i) => box.opens && !this.opens(i)).length : missing;
    const some = closed === 1 ? "1 box holds" : `${closed.toLocaleString("en")} boxes hold`;
    const here = name ? "here" : "on this page, inner pictures included,";
    return [
      boxes.some((_, i) => this.opens(i)) && "A box with arrows in its corner opens: click these, or press Enter. Backspace leads back.",
      closed && `${some} more than there is room for ${here} and cannot be opened${whole ? ': draw a part, by wrt=… or expand="name of a scope"' : ""}.`,
      whole && !name && `The player, what-if and Predict need a number in each box, and here a box holds many: ${this.inside.size ? "open one, and step through a result of it, " : ""}draw a part of this graph, or allow more boxes (max_nodes=…).`,
    ].filter(Boolean);
  }

  // Whether it is of two graphs, before and after.
  compares() {
    return this.level.boxes.some(({ tint }) => tint);
  }

  // What is seen of a box, in words.
  spoken(i) {
    const texts = [...this.drawing.boxes[i].group.querySelectorAll("text")].map((text) => text.textContent.trim());
    return [...texts, this.level.boxes[i].kind, this.opens(i) && "opens with Enter"].filter(Boolean).join(", ");
  }

  // --- one box ---

  about(i) {
    const box = this.level.boxes[i];
    const node = this.graph?.nodes[i];
    const rows = this.quiz?.on ? linesToPredict(i, this.graph, this.current) : this.graph ? linesOfValue(i, this.graph, this.wording, this.current, this.whatIf.numbers, this.page.multiple) : linesOfBox(box, this.opens(i), this.page.multiple);
    if (box.scope.length) rows.push(row("scope", box.scope.join(" › ")));
    if (node?.line) rows.push(row("made at", el("code", {}, node.line)));
    return [heading(box, node), el("dl", { class: box.summary ? "wide" : "" }, ...rows)];
  }

  hover(i) {
    this.hovered = i;
    this.card.hidden = i === null || i === this.selected; // then the panel says it
    if (this.card.hidden) return;
    this.card.replaceChildren(...this.about(i));
    const box = this.drawing.boxes[i].group.getBoundingClientRect();
    const frame = this.stage.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.card;
    const below = box.bottom - frame.top + 8;
    const above = box.top - frame.top - offsetHeight - 8;
    const left = box.left - frame.left + box.width / 2 - offsetWidth / 2;
    this.card.style.left = `${Math.max(4, Math.min(left, frame.width - offsetWidth - 4))}px`;
    this.card.style.top = `${below + offsetHeight < frame.height || above < 0 ? below : above}px`;
  }

  select(i) {
    this.kept = null;
    const changes = i !== this.selected;
    if (changes) {
      this.selected = i;
      this.card.hidden = true;
      this.control.replaceChildren(...this.controls(i));
    }
    this.describe();
    if (changes) this.panel.scrollTop = 0; // what is new begins with its heading
  }

  controls(i) {
    if (i !== null && this.whatIf?.allows(i)) return this.whatIf.controls(i, () => this.reset());
    if (i === null || !this.opens(i)) return [];
    return [el("button", { type: "button", class: "way-in", onclick: () => this.open(this.level.boxes[i].id) }, icon(ICONS.open), "Open")];
  }

  reset() {
    this.player.position = null;
    this.whatIf.reset();
  }

  describe() {
    const i = this.selected;
    this.drawing.mark("selected", new Set(i === null ? [] : [i]));
    this.all = i !== null && this.graph ? { nodes: new Set(), edges: [] } : null;
    if (i === null) {
      this.light();
      this.asked.setAttribute("aria-expanded", String(this.helping));
      const closed = el("p", { class: "hint" }, this.graph ? "Click a box for its numbers and its paths to the output." : "Click a box to keep here what is said of it.");
      this.facts.replaceChildren(...!this.helping ? [closed] : legend(this.level.boxes, this.graph, this.compares(), this.inside.size));
      return;
    }
    const paths = this.graph && !this.quiz.on ? ways(i, this) : [];
    this.light();
    this.facts.replaceChildren(...this.about(i), ...paths);
  }

  // Marks a path; without one, that which is kept, or else all of those of the selected box.
  light(path = this.kept ?? this.all) {
    this.drawing.svg.classList.toggle("marking", Boolean(path));
    this.drawing.mark("on-path", path?.nodes ?? new Set(), path?.edges ?? []);
  }

  // Keeps a path lit, or no longer.
  keep(path) {
    this.kept = this.kept?.key === path.key ? null : path;
    this.light();
  }

  help() {
    this.helping = this.selected !== null || !this.helping;
    this.select(null);
  }

  reveal(i) {
    this.camera.reveal(this.drawing.boxes[i].group);
  }

  // --- keys ---

  focus(i, shows = true) {
    for (const { group } of this.drawing.boxes) group.setAttribute("tabindex", "-1");
    const { group } = this.drawing.boxes[i];
    group.setAttribute("tabindex", "0");
    group.focus({ preventScroll: true });
    this.reveal(i);
    if (shows) this.hover(i);
  }
}

// A page in place of the picture in an element, which is laid out no more.
function inPlaceOf(host, make) {
  const image = host && !host.shadowRoot && host.querySelector("img");
  if (!image) return null;
  const made = make();
  image.removeAttribute("src");
  return made;
}

const open = (host, page, rows) => inPlaceOf(host, () => new Page(host, page, rows));
