// Keys. Those pressed in here are nobody else's: a notebook would insert cells.

class Keys {
  constructor(page) {
    this.page = page;
    for (const name of ["keydown", "keyup", "keypress"]) {
      page.app.addEventListener(name, (event) => this.heard(event, name === "keydown"));
    }
    // a file is nothing but this page
    if (page.page.full) {
      document.addEventListener("keydown", (event) => {
        if (page.app.isConnected && !event.composedPath().includes(page.app)) this.heard(event, true);
      });
    }
  }

  heard(event, isDown) {
    const { page } = this;
    event.stopPropagation();
    if (!isDown || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!page.part.hidden) {
      if (event.key === "Backspace" || event.key === "Escape") page.backToBoxes();
      return;
    }
    const inField = event.target.matches?.("input:not([type=range]), select");
    const busy = page.search.field.value || page.selected !== null;
    if (event.key === "Escape" && !busy && page.level.name) {
      page.up();
    } else if (event.key === "Escape") {
      page.save.open(false);
      page.search.clear();
      page.select(null);
      page.hover(null);
    } else if (event.target === page.search.field && event.key === "Enter") {
      page.search.next();
    } else if (inField || !this.command(event)) {
      return;
    }
    event.preventDefault();
  }

  command({ key, target }) {
    const { page } = this;
    const { player, camera, level } = page;
    const onSlider = target.matches?.("input[type=range]");
    const onButton = target.matches?.("button, summary");
    const box = target.closest?.("[data-box]");
    const at = box ? Number(box.dataset.box) : level.root;
    const actions = { "+": () => camera.zoom(1.3), "=": () => camera.zoom(1.3), "-": () => camera.zoom(1 / 1.3), 0: () => camera.fit(), "/": () => page.search.field.focus(), "?": () => page.help() };
    if (!onSlider) {
      const last = level.boxes.length - 1;
      actions.ArrowUp = () => page.focus(box ? Math.max(at - 1, 0) : at);
      actions.ArrowDown = () => page.focus(box ? Math.min(at + 1, last) : at);
      if (player) {
        actions.ArrowLeft = () => player.step(-1);
        actions.ArrowRight = () => player.step(1);
        actions.Home = () => player.go(0);
        actions.End = () => player.go(player.end);
      }
    }
    if (player) {
      actions.f = () => player.go(0);
      actions.b = () => player.go(player.turn);
      actions["<"] = () => player.hurry(-1);
      actions[">"] = () => player.hurry(1);
      if (!onButton) actions[" "] = () => player.play();
    }
    if (box) actions.Enter = () => (page.opens(at) ? page.open(level.boxes[at].id) : page.select(at));
    if (box && !page.graph) actions[" "] = () => page.select(at);
    if (page.inside.size) actions.Backspace = () => page.up();
    actions[key]?.();
    return key in actions;
  }
}
