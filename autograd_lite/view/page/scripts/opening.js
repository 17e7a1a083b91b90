// What can be opened from the page of networks, and the keys.

Object.assign(NetworkPage.prototype, {
  point(network, target, at) {
    this.card.hidden = !target || target.more;
    if (this.card.hidden) return;
    this.card.textContent = network.told(target);
    const [from, frame] = [at.getBoundingClientRect(), this.stage.getBoundingClientRect()];
    const { offsetWidth, offsetHeight } = this.card;
    const x = from.left - frame.left + from.width / 2 - offsetWidth / 2;
    const above = from.top - frame.top - offsetHeight - 8;
    const y = target.weight === undefined ? above : from.top - frame.top + from.height / 2 - offsetHeight - 12;
    this.card.style.left = `${Math.max(4, Math.min(x, frame.width - offsetWidth - 4))}px`;
    this.card.style.top = `${y < 0 ? from.bottom - frame.top + 8 : y}px`;
  },

  open({ network, samples, sample, data, tour }, { layer, neuron }) {
    if (layer < 0) return;
    if (this.quiz.on) {
      this.quiz.reply("", "The graph of a neuron has the numbers that are asked for: it opens when Predict is off.");
      return;
    }
    const k = sample ?? 0;
    const found = samples.neuron(layer, neuron, k, this.rows);
    const name = tour.place + network.name({ layer, neuron });
    if (!found) {
      this.moment.say(name, [], "Its graph is not on this page: it has ops of a user's own, constants in its activation, or numbers that nobody knows any more.");
      return;
    }
    const at = data.of > 1 ? ` at sample ${data.samples[k] + 1}` : "";
    const note = this.page.passed ? `The gradient of its output, ${brief(found.upstream)}, comes from what follows in the network; the others are this neuron's part${data.of > 1 ? " at this sample" : ""}.` : "";
    this.enter(`${name}${at}`, (host) => openBoxes(host, pageOf(found.nodes, `${name}${at}`, note ? [note] : [], this.page.pace, this.page.style, found.upstream), this.rows));
  },

  openRest() {
    this.enter("around the network", (host) => {
      const svg = document.importNode(this.picture, true);
      for (const name of ["x", "y", "class"]) svg.removeAttribute(name);
      const bytes = new TextEncoder().encode(new XMLSerializer().serializeToString(svg));
      host.replaceChildren(el("img", { alt: "", src: `data:image/svg+xml;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}` }));
      this.rest(host);
    });
  },

  enter(title, make) {
    this.player.pause();
    this.outside.hidden = this.panel.hidden = this.tools.hidden = true;
    this.crumbs.hidden = this.inside.hidden = false;
    const back = el("button", { type: "button", onclick: () => this.leave() }, "network");
    this.crumbs.replaceChildren(el("ol", {}, el("li", {}, back), el("li", {}, el("button", { type: "button", "aria-current": "location" }, title))));
    const host = el("div", {});
    this.inside.replaceChildren(host);
    this.came = this.root.activeElement;
    make(host);
    back.focus({ preventScroll: true });
  },

  leave() {
    this.inside.replaceChildren();
    this.crumbs.hidden = this.inside.hidden = true;
    this.outside.hidden = this.panel.hidden = this.tools.hidden = false;
    this.render();
    this.came?.focus({ preventScroll: true });
  },

  key(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    if (!this.inside.hidden) {
      if (event.key === "Backspace" || event.key === "Escape") this.leave();
    } else if (event.key === " " && !event.target.matches("button, summary")) {
      event.preventDefault();
      this.player.play();
    }
  },
});

const openNetworks = (host, page, rows, rest) => inPlaceOf(host, () => new NetworkPage(host, page, rows, rest));
