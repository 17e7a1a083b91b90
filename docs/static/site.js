/* Keys for wide things, names for the bars, and the choice of a version, shown where there are several. */
// a live page tells its height, so that no wheel is caught in its frame; see docs/site/__main__.py
addEventListener("message", ({ data, source }) => {
  const frame = [...document.querySelectorAll("iframe.live")].find(({ contentWindow }) => contentWindow === source);
  if (frame && data?.live > 0 && data.live < 9999) frame.style.height = `${data.live}px`;
});
addEventListener("DOMContentLoaded", () => {
  // wide code and tables scroll by keys, too
  for (const wide of document.querySelectorAll(".content pre, .content table")) wide.tabIndex = 0;
  for (const [part, label] of [[".sidebar-drawer", "All pages"], [".toc-drawer", "This page"]]) document.querySelector(part)?.setAttribute("aria-label", label);
  if (VERSIONS.length < 2) return;
  const top = document.documentElement.dataset.content_root || "./";
  const choice = document.createElement("select");
  choice.setAttribute("aria-label", "Version");
  choice.className = "versions";
  for (const name of VERSIONS) choice.add(new Option(name, name, false, name === DOCUMENTATION_OPTIONS.VERSION));
  choice.addEventListener("change", () => location.assign(`${top}../${choice.value}/index.html`));
  document.querySelector(".sidebar-brand")?.after(choice);
});
