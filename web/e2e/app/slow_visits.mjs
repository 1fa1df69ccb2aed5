// Visits with a slow network and a slow processor, and the times of the page in them. The benchmark and the budgets of
// the tests share them.
import assert from "node:assert/strict";
import { phone } from "../browser.mjs";
import { Visitor } from "./visitor.mjs";

// The networks of the budgets, with the budget of the largest picture or text (LCP) in ms. Chromium delays each request
// by the latency, and emulates neither TCP nor TLS.
export const fast = { name: "30 Mbit/s, 20 ms", megabits: 30, latency: 20, slowdown: 1, maxPaint: 1_000 };
export const slow = { name: "1.6 Mbit/s, 300 ms, processor ÷ 4", megabits: 1.6, latency: 300, slowdown: 4, maxPaint: 2_000 };
export const busy = { ...fast, slowdown: 4 }; // for inputs, most of which need no network

export const maxResponse = 100; // ms from an input to the next frame, at most (INP)

// listPaths returns the pages whose first paint has a budget.
export async function listPaths(v) {
  const { searchCourses } = await v.api('{ searchCourses(query: "graphql", first: 1) { edges { node { slug } } } }');
  return ["/", `/courses/${searchCourses.edges[0].node.slug}`, "/search?q=python"];
}

// recordTimes runs in the page: it records the time of the largest paint, the slowest response to an input and the
// longest task.
function recordTimes() {
  window.times = { paint: 0, response: 0, task: 0 };
  const record = (type, name, read, options) => new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.times[name] = Math.max(window.times[name], read(entry));
  }).observe({ type, buffered: true, ...options });
  record("largest-contentful-paint", "paint", ({ startTime }) => startTime);
  record("event", "response", ({ duration, interactionId }) => (interactionId ? duration : 0), { durationThreshold: 16 });
  record("longtask", "task", ({ duration }) => duration);
}

// createSlow returns a new visitor behind a network, on a phone unless the options say otherwise.
export async function createSlow(browser, base, { megabits, latency, slowdown }, options = {}) {
  const v = await Visitor.create(browser, base, { viewport: phone, ...options });
  v.devtools = await v.context.newCDPSession(v.page);
  const throughput = megabits * 1e6 / 8;
  await v.devtools.send("Network.enable");
  await v.devtools.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput });
  await v.devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  await v.page.addInitScript(recordTimes);
  v.page.setDefaultTimeout(60_000);
  return v;
}

// readTime returns a time of the page, after a pause in which the browser reports the last ones.
export async function readTime(v, name) {
  await v.page.waitForTimeout(300);
  return v.page.evaluate((key) => window.times[key], name);
}

// measurePaint returns the time of the largest paint of a page for a new visitor.
export async function measurePaint(browser, base, path, network) {
  const v = await createSlow(browser, base, network);
  await v.visit(path);
  const time = await readTime(v, "paint");
  await v.context.close();
  assert.ok(time > 0, `${path}: no paint was measured`);
  return time;
}

// click moves the mouse, presses and releases it as a hand does, with pauses between. The checks of locator.click() are
// scripts that run in the page between the click and its frame, and the time would have them too.
async function click(v, selector) {
  const { x, y, width, height } = await v.page.locator(selector).first().boundingBox();
  await v.page.mouse.move(x + width / 2, y + height / 2);
  await v.page.waitForTimeout(100);
  await v.page.mouse.down();
  await v.page.waitForTimeout(80);
  await v.page.mouse.up();
  await v.page.waitForTimeout(300);
}

// The inputs that have a budget, each on the catalogue.
export const inputs = {
  async "typing in the search"(v) {
    await v.page.locator(".site-search input").focus();
    await v.page.keyboard.type("python", { delay: 100 });
    await v.page.locator(".suggestions li").first().waitFor();
  },
  async "choosing a filter"(v) {
    await click(v, ".filters-toggle");
    await click(v, ".filter-option");
    await v.page.locator(".choice").first().waitFor();
    await v.ready();
  },
  async "scrolling by keys"(v) {
    for (let i = 0; i < 8; i++) {
      await v.page.keyboard.press("PageDown");
      await v.page.waitForTimeout(150);
    }
  },
};

// measureResponse returns the time of the slowest response to an input.
export async function measureResponse(browser, base, name) {
  const v = await createSlow(browser, base, busy);
  await v.visit("/");
  await inputs[name](v);
  const time = await readTime(v, "response");
  await v.context.close();
  assert.ok(time > 0, `${name}: no response was measured`);
  return time;
}
