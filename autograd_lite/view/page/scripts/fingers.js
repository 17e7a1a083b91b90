// Touch: one finger scrolls the page, as everywhere; two, or one that was held, take the picture.

const HOLD = 350; // milliseconds
const STILL = 8; // pixels

class Fingers {
  constructor(stage) {
    Object.assign(this, { stage, down: 0, held: false });
    stage.addEventListener("touchstart", (event) => this.start(event), { passive: true });
    stage.addEventListener("touchmove", (event) => this.move(event), { passive: false });
    for (const name of ["touchend", "touchcancel"]) stage.addEventListener(name, (event) => this.end(event));
    stage.addEventListener("contextmenu", (event) => this.down && event.preventDefault());
  }

  // Whether a movement is the picture's, and not the page's.
  get take() {
    return this.held || this.down > 1;
  }

  start({ touches }) {
    this.down = touches.length;
    clearTimeout(this.timer);
    if (this.down > 1) return;
    this.from = [touches[0].clientX, touches[0].clientY];
    this.timer = setTimeout(() => this.hold(true), HOLD);
  }

  move(event) {
    const [{ clientX, clientY }] = event.touches;
    if (hypot(clientX - this.from[0], clientY - this.from[1]) > STILL) clearTimeout(this.timer);
    if (event.cancelable && this.take) event.preventDefault();
  }

  end({ touches }) {
    this.down = touches.length;
    clearTimeout(this.timer);
    if (!this.down) this.hold(false);
  }

  hold(held) {
    this.held = held;
    this.stage.classList.toggle("held", held);
  }
}
