/* What is shown as a part of the page's address, so that a link brings it back. */

class Address {
  /* `read` gives what is shown as pairs of texts, `write` shows such pairs. Notebooks have addresses of their own. */
  constructor(active, read, write) {
    Object.assign(this, { active, read, write, now: location.hash.slice(1) });
    if (!active) return;
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) !== this.now) this.take();
    });
  }

  /* Takes what the address holds, if it holds anything. */
  take() {
    this.now = location.hash.slice(1);
    if (!this.active || !this.now) return false;
    this.write(new URLSearchParams(this.now));
    return true;
  }

  note() {
    if (!this.active) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (location.hash.slice(1) !== this.now) return; // of a link that is about to be taken
      try {
        history.replaceState(null, "", `#${new URLSearchParams(this.read())}`);
        this.now = location.hash.slice(1);
      } catch (error) {
        // inside of another page, which may not let it
        if (error.name !== "SecurityError") throw error;
        this.active = false;
      }
    }, 250);
  }
}

/* Puts a text onto the clipboard, where the page may, and shows it in any case. */
async function copied(text, button) {
  const said = button.textContent;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el("textarea", { class: "off" });
    field.value = text;
    button.after(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
  }
  button.textContent = done ? "Copied" : "Not copied";
  setTimeout(() => { button.textContent = said; }, 1500);
}
