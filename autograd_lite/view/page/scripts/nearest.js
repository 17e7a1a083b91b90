// Where to look first in a picture that is too large to be read as a whole.

Object.assign(Drawing.prototype, {
  // The place of the output with the layer nearest to it, if they fit into a frame, else of the output.
  firstLook(frame) {
    const { boxes, root = boxes.length - 1 } = this.page;
    const output = this.boxes[root].group.getBoundingClientRect();
    const seen = new Set([root]);
    let layer = null;
    for (const i of seen) {
      const scope = boxes[i].scope.join("/");
      if (i !== root && scope) layer ??= scope;
      if (layer === null) for (const [tail] of boxes[i].arrows) seen.add(tail);
    }
    if (layer === null) return output;
    const found = [...seen].filter((i) => boxes[i].scope.join("/") === layer).map((i) => this.boxes[i].group.getBoundingClientRect());
    const all = [output, ...found];
    const [left, top] = [Math.min(...all.map((box) => box.left)), Math.min(...all.map((box) => box.top))];
    const [right, bottom] = [Math.max(...all.map((box) => box.right)), Math.max(...all.map((box) => box.bottom))];
    return right - left < frame.width - 24 && bottom - top < frame.height - 24 ? { left, top, right, bottom } : output;
  },
});
