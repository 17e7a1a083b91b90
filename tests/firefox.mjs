// Five actions on a page, in Debian's Firefox over WebDriver BiDi: `make firefox`, which says where all of it is.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const found = createRequire(`${folder}/package.json`).resolve("puppeteer-core");
const { default: puppeteer } = await import(pathToFileURL(found));
const browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true });
try {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(pathToFileURL(`${folder}/page.html`));
  const seen = (selector, what = "textContent") => page.evaluate((s, w) => {
    const { shadowRoot } = document.querySelector("[data-lm-suppress-shortcuts]");
    const element = shadowRoot.querySelector(s);
    return w === "box" ? element.getBoundingClientRect().toJSON() : w in element ? element[w] : element.getAttribute(w);
  }, selector, what);
  const middle = async (selector) => {
    const { x, y, width, height } = await seen(selector, "box");
    return [x + width / 2, y + height / 2];
  };
  const until = async (holds) => {
    for (let k = 0; k < 100 && !(await holds()); k++) await new Promise((go) => setTimeout(go, 100));
    assert.ok(await holds());
  };
  const did = (what) => console.log(`firefox: ${what}`);

  await page.keyboard.press("f");
  await page.keyboard.press("ArrowRight");
  assert.equal(await seen(".player input", "value"), "1");
  assert.match(await seen(".moment"), /a × b = 2 × \(-3\) = -6/);
  did("keys step on a page that was just opened");

  await page.keyboard.press("b");
  for (let k = 0; k < 3; k++) await page.keyboard.press(">");
  await page.keyboard.press(" ");
  await until(async () => (await seen(".player input", "value")) === (await seen(".player input", "max")));
  assert.equal(await seen("#n0", "data-grad"), "-8.0");
  did("the backward pass is played at 8 times the speed");

  const [x, y] = await middle("#n0 .grip");
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 50, y, { steps: 10 });
  await page.mouse.up();
  assert.equal(await seen("#n0", "data-data"), "2.5");
  assert.equal(await seen("#n0", "data-grad"), "-10.0");
  did("a leaf is dragged, and its gradient follows");

  await page.mouse.click(...(await middle("input[type=search]")));
  await page.keyboard.type("b");
  assert.match(await seen(".matches"), /^1 of 6$/);
  assert.match(await seen("#n1", "class"), /found/);
  await page.keyboard.press("Escape");
  did("search finds a label");

  await page.mouse.click(...(await middle(".predict")));
  await page.keyboard.type("5");
  await page.keyboard.press("Enter");
  assert.match(await seen(".answer"), /Not 5\..*2\.5 × \(-3\)/);
  await page.keyboard.type("-7.5");
  await page.keyboard.press("Enter");
  assert.match(await seen(".answer"), /Right/);
  assert.match(await seen(".moment"), /-7\.5/);
  did("a wrong prediction gets a hint, a right one the next step");

  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
