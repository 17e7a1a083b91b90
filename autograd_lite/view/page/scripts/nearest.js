// Where to look first in a picture that is too large to be read as a whole.

Object.assign(Drawing.prototype, {
  // The place of the output with the layer nearest to it.
  firstLook() {
    const { boxes, root = boxes.length - 1 } = this.page;
    const seen = new Set([root]);
    let layer = null;
    for (const i of seen) {
      const scope = boxes[i].scope.join("/");
      if (i !== root && scope) layer ??= scope;
      if (layer === null) for (const [tail] of boxes[i].arrows) seen.add(tail);
    }
    const found = boxes.flatMap(({ scope }, i) => (i === root || scope.join("/") === layer ? [this.boxes[i].group.getBoundingClientRect()] : []));
    const most = (side) => Math.max(...found.map((box) => box[side]));
    const least = (side) => Math.min(...found.map((box) => box[side]));
    return { left: least("left"), top: least("top"), right: most("right"), bottom: most("bottom") };
  },

  // By how much to step back so that a frame holds that: as little as can be, and no further than the whole needs.
  shareOf({ width, height }, whole) {
    const { left, top, right, bottom } = this.firstLook();
    return Math.max(whole, Math.min(1, (width - 24) / (right - left), (height - 24) / (bottom - top)));
  },
});
