// Compares what the server writes into a page with what the app shows in its place, in Chromium:
//
//   node first_view.mjs BASE_URL
//
// The server has the demo data. CHROMIUM is the path of the browser, /usr/bin/chromium by default. Prints a line for
// each page. Exit code 0: all pages passed; 1: one failed; 2: invalid usage.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { desktop, launch, phone } from "./browser.mjs";

const [base] = process.argv.slice(2);
if (!base) {
  console.error("usage: node first_view.mjs BASE_URL");
  process.exit(2);
}

// The parts of the first view whose place and size must not change.
const parts = [
  "h1", ".page-intro", ".site-bar", ".site-search", ".site-nav", ".results-count", ".sort select", ".course-card", ".course-card img",
  ".course-card .course-title", ".course-card .price", ".course-card .enroll-button", "li:nth-child(2) > .course-card", ".course-facts",
  ".course-figures", ".course-cover", ".course-buy", ".course-section",
];

// boxes returns the place and the size of the first element of each part, without parts that the page lacks.
const boxes = (page, names = parts) => page.evaluate((all) => Object.fromEntries(all.flatMap((name) => {
  const box = document.querySelector(name)?.getBoundingClientRect();
  return box ? [[name, [box.x, box.y, box.width, box.height].map(Math.round).join(" ")]] : [];
})), names);

// maxShift is the sum of layout shifts of a page (CLS).
const maxShift = 0.02;

const recordShifts = () => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
};

// checkPage opens a page without and with scripts.
async function checkPage(browser, path, viewport) {
  const plain = await browser.newContext({ viewport, javaScriptEnabled: false });
  const before = await plain.newPage();
  await before.goto(base + path);
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const problems = [], requests = [];
  // The demo's portraits are on a host that does not exist.
  page.on("console", (message) => message.type() === "error" && !message.text().includes("ERR_NAME_NOT_RESOLVED") && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await page.addInitScript(recordShifts);
  await page.goto(base + path, { waitUntil: "networkidle" });
  await page.waitForFunction(() => document.querySelector("#main")?.hasAttribute("tabindex")); // the app has replaced the view
  const drawn = await boxes(before);
  assert.ok(drawn.h1, "the server has drawn nothing");
  assert.deepEqual(await boxes(page, Object.keys(drawn)), drawn, "the app moves what the server has drawn");
  assert.deepEqual(problems, [], "the browser reported problems");
  assert.ok(!requests.includes("/graphql"), "the app requests what is in the page");
  assert.ok(await page.evaluate(() => window.shift) <= maxShift, "the layout shifts");
  await context.close();
  await plain.close();
}

// checkMoney compares the texts of amounts that the server writes with those of the browser.
async function checkMoney(page) {
  const written = JSON.parse(readFileSync(new URL("../../internal/frontend/testdata/money.json", import.meta.url), "utf8"));
  const formatted = await page.evaluate((currencies) => Object.fromEntries(currencies.map((currency) =>
    [currency, new Intl.NumberFormat("en-US", { style: "currency", currency }).format(1234.5)])), Object.keys(written));
  assert.deepEqual(written, formatted);
}

const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(base);
  await checkMoney(page);
  const course = await page.locator(".course-title a").first().getAttribute("href");
  for (const [name, viewport] of Object.entries({ desktop, phone })) {
    for (const path of ["/", "/search?q=photography", course]) {
      await checkPage(browser, path, viewport);
      console.log(`ok    ${name} ${path}`);
    }
  }
} catch (error) {
  console.error(`FAIL  ${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
