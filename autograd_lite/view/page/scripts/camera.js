// Looking around: zoom, pan, fit.

// Below this scale the texts of a drawing are too small.
const READABLE = 0.72;

class Camera {
  constructor(stage, drawing, dragged) {
    Object.assign(this, { stage, drawing, dragged, pointers: new Map(), moved: 0 });
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => this.up(event));
    }
    this.fitted = true;
    new ResizeObserver(() => {
      if (stage.isConnected) this.fitted ? this.begin() : this.apply();
    }).observe(stage);
  }

  room() {
    return { width: this.stage.clientWidth || 1, height: this.stage.clientHeight || 1 };
  }

  fitting() {
    const { width, height } = this.room();
    const { size } = this.drawing;
    const largest = 0.14 * parseFloat(getComputedStyle(this.stage).fontSize);
    return Math.min(width / size.width, height / size.height, largest);
  }

  // All of it where it can be read, else what is around its output.
  begin() {
    const scale = this.fitting();
    const readable = Math.max(scale, READABLE);
    const { size } = this.drawing;
    this.fitted = true;
    this.scale = readable;
    this.x = size.x + size.width / 2;
    this.y = size.y + size.height / 2;
    this.apply();
    if (readable <= scale) return;
    const box = this.drawing.boxes[this.drawing.boxes.length - 1].group.getBoundingClientRect();
    const frame = this.stage.getBoundingClientRect();
    const margin = 12;
    const off = (from, to, low, high, all) => {
      const most = Math.max(0, all / 2 - ((high - low) / 2 - margin) / readable);
      return Math.min(Math.max((from + to - low - high) / 2 / readable, -most), most);
    };
    this.x += off(box.left, box.right, frame.left, frame.right, size.width);
    this.y += off(box.top, box.bottom, frame.top, frame.bottom, size.height);
    this.apply();
  }

  fit() {
    this.begin();
    this.scale = this.fitting();
    this.x = this.drawing.size.x + this.drawing.size.width / 2;
    this.y = this.drawing.size.y + this.drawing.size.height / 2;
    this.apply();
  }

  apply() {
    const { width, height } = this.room();
    const [w, h] = [width / this.scale, height / this.scale];
    this.drawing.svg.setAttribute("viewBox", [this.x - w / 2, this.y - h / 2, w, h].map((v) => v.toFixed(3)).join(" "));
  }

  zoom(factor, at = null) {
    const { width, height } = this.room();
    const [px, py] = at ?? [width / 2, height / 2];
    const before = [this.x + (px - width / 2) / this.scale, this.y + (py - height / 2) / this.scale];
    this.scale = Math.min(Math.max(this.scale * factor, 0.05), 12);
    this.x = before[0] - (px - width / 2) / this.scale;
    this.y = before[1] - (py - height / 2) / this.scale;
    this.fitted = false;
    this.apply();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.fitted = false;
    this.apply();
  }

  // As little as it takes to have an element in view.
  reveal(element) {
    const box = element.getBoundingClientRect();
    const frame = this.stage.getBoundingClientRect();
    const over = (low, high, from, to) => (high > to ? to - high - 12 : low < from ? from - low + 12 : 0);
    const dx = over(box.left, box.right, frame.left, frame.right);
    const dy = over(box.top, box.bottom, frame.top, frame.bottom);
    if (dx || dy) this.pan(dx, dy);
  }

  at(event) {
    const frame = this.stage.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  // A wheel alone scrolls the notebook; with Ctrl, as a pinch on a trackpad sends it, it zooms.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(exp(-event.deltaY * 0.004), this.at(event));
  }

  down(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, this.at(event));
    this.moved = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    this.moved += fabs(dx) + fabs(dy);
    if (this.moved < 5) return;
    this.stage.setPointerCapture(event.pointerId);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other) {
      const apart = (a) => hypot(a[0] - other[0], a[1] - other[1]) || 1;
      this.zoom(apart(now) / apart(before), other);
    } else if (!this.dragged(event, dx)) {
      this.pan(dx, dy);
    }
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }
}
