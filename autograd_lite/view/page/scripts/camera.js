// Looking around: zoom, pan, fit.

// Below this scale the numbers of a drawing are smaller than 9 pixels. Pictures of many boxes have to be
// looked at from further away.
const READABLE = 0.82;
const FROM_AFAR = 0.68;
const MANY_BOXES = 40;
const GLIDE = 180; // milliseconds

class Camera {
  constructor(stage, drawing, dragged) {
    Object.assign(this, { stage, drawing, dragged, pointers: new Map(), moved: 0 });
    this.fingers = new Fingers(stage);
    this.overview = new Overview((x, y) => this.look(x, y));
    stage.append(this.overview.element);
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

  get readable() {
    return this.drawing.boxes.length > MANY_BOXES ? FROM_AFAR : READABLE;
  }

  // All of it where it can be read, else what is around its output.
  begin() {
    const scale = this.fitting();
    const readable = Math.max(scale, this.readable);
    const { size } = this.drawing;
    this.fitted = true;
    this.scale = readable;
    this.x = size.x + size.width / 2;
    this.y = size.y + size.height / 2;
    this.apply();
    if (readable <= scale) return;
    const frame = this.stage.getBoundingClientRect();
    this.scale *= this.drawing.shareOf(frame, scale / readable);
    this.apply();
    const box = this.drawing.firstLook();
    const margin = 12;
    const off = (from, to, low, high, all) => {
      const most = Math.max(0, all / 2 - ((high - low) / 2 - margin) / this.scale);
      return Math.min(Math.max((from + to - low - high) / 2 / this.scale, -most), most);
    };
    this.x += off(box.left, box.right, frame.left, frame.right, size.width);
    this.y += off(box.top, box.bottom, frame.top, frame.bottom, size.height);
    this.apply();
  }

  // So that it can be read; asked once more, all of it however small that is.
  fit() {
    const before = this.scale;
    const again = this.fitted;
    this.begin();
    if (!again || before !== this.scale) return;
    this.scale = this.fitting();
    this.look(this.drawing.size.x + this.drawing.size.width / 2, this.drawing.size.y + this.drawing.size.height / 2);
  }

  look(x, y) {
    Object.assign(this, { x, y });
    this.apply();
  }

  apply() {
    const { width, height } = this.room();
    const [w, h] = [width / this.scale, height / this.scale];
    this.overview.show(this.x - w / 2, this.y - h / 2, w, h);
    // in pixels: a size that CSS computes would have all texts laid out anew when the equation changes
    this.drawing.svg.style.width = `${width}px`;
    this.drawing.svg.style.height = `${height}px`;
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
    if (dx || dy) this.glide(dx, dy);
  }

  // A movement that the eye can follow.
  glide(dx, dy) {
    cancelAnimationFrame(this.gliding);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.pan(dx, dy);
      return;
    }
    const begun = performance.now();
    let done = 0;
    const go = (now) => {
      const share = Math.min(Math.max((now - begun) / GLIDE, 0), 1);
      const eased = share * share * (3 - 2 * share);
      this.pan(dx * (eased - done), dy * (eased - done));
      done = eased;
      if (share < 1) this.gliding = requestAnimationFrame(go);
    };
    this.gliding = requestAnimationFrame(go);
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
    cancelAnimationFrame(this.gliding);
    this.pointers.set(event.pointerId, this.at(event));
    this.moved = 0;
    this.going = false;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    this.moved += fabs(dx) + fabs(dy);
    if (this.moved < 5) return;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    const scrolls = event.pointerType === "touch" && !this.fingers.take && !other;
    if (scrolls && !this.going && fabs(dy) > fabs(dx)) {
      this.pointers.delete(event.pointerId); // the page's
      return;
    }
    this.going = true;
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (other) {
      const apart = (a) => hypot(a[0] - other[0], a[1] - other[1]) || 1;
      this.pan(dx / 2, dy / 2);
      this.zoom(apart(now) / apart(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
    } else if (!this.dragged(event, dx) && !scrolls) {
      this.pan(dx, dy);
    }
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }
}
