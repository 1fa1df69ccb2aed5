// Measures how long the pages of a running server take in Chromium with a slow network and a slow processor, and prints
// the report bench/WEB.md:
//
//   node app/bench.mjs BASE_URL > ../../bench/WEB.md
//
// The server has the demo data. `make bench-web` starts one and runs this. Each figure is the median of five loads by a
// new visitor, with the least and the most of them.
import { cpus, loadavg } from "node:os";
import { phone, launch } from "../browser.mjs";
import { listPages } from "./pages.mjs";
import { Visitor } from "./visitor.mjs";

const runs = 5;
const networks = [
  { name: "30 Mbit/s, 20 ms", megabits: 30, latency: 20, slowdown: 1, budget: 1_000 },
  { name: "1.6 Mbit/s, 300 ms, processor ÷ 4", megabits: 1.6, latency: 300, slowdown: 4, budget: 2_000 },
];

const observe = () => {
  Object.assign(window, { paint: 0, interaction: 0 });
  const on = (type, action, options = {}) => new PerformanceObserver((list) => list.getEntries().forEach(action)).observe({ type, buffered: true, ...options });
  on("largest-contentful-paint", ({ startTime }) => { window.paint = startTime; });
  on("event", ({ duration, interactionId }) => { if (interactionId) window.interaction = Math.max(window.interaction, duration); }, { durationThreshold: 16 });
};

// visitSlowly opens a page as a new visitor with a network, and returns what an action measures there.
async function visitSlowly(browser, base, path, { megabits, latency, slowdown }, action) {
  const v = new Visitor();
  const context = await browser.newContext({ viewport: phone });
  Object.assign(v, { base, context, problems: [], page: await context.newPage() });
  await v.collectProblems();
  const devtools = await context.newCDPSession(v.page);
  const throughput = megabits * 1e6 / 8;
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  await v.page.addInitScript(observe);
  await v.page.goto(base + path, { waitUntil: "load", timeout: 60_000 });
  await v.ready();
  await v.page.waitForTimeout(500);
  const result = await action(v);
  await context.close();
  return result;
}

async function sample(measure) {
  const values = [];
  for (let i = 0; i < runs; i++) values.push(await measure());
  values.sort((a, b) => a - b);
  return { median: values[(runs - 1) / 2], least: values[0], most: values[runs - 1] };
}

const show = ({ median, least, most }, digits = 0) => `${median.toFixed(digits)} | ${least.toFixed(digits)} to ${most.toFixed(digits)}`;

const interactions = {
  async "typing in the search"(v) {
    await v.page.getByRole("combobox", { name: "Search courses" }).pressSequentially("python", { delay: 100 });
    await v.page.getByRole("option").first().waitFor();
  },
  async "choosing a filter"(v) {
    await v.page.getByRole("button", { name: /^Filters/ }).click();
    await v.page.locator(".filter-option").first().click();
    await v.ready();
  },
  async "scrolling by keys"(v) {
    for (let i = 0; i < 8; i++) {
      await v.page.keyboard.press("PageDown");
      await v.page.waitForTimeout(150);
    }
  },
};

async function report(browser, base) {
  const visitor = await Visitor.open(browser, base);
  const [course] = (await listPages(visitor, "anonymous")).filter((path) => path.startsWith("/courses/"));
  await visitor.context.close();
  const lines = [];
  for (const network of networks) {
    for (const path of ["/", course, "/search?q=python"]) {
      const values = await sample(() => visitSlowly(browser, base, path, network, (v) => v.page.evaluate(() => window.paint)));
      lines.push(`| ${network.name} | ${path} | ${show(values)} | ${network.budget.toLocaleString("en-US")} |`);
    }
  }
  const slow = [];
  for (const [name, act] of Object.entries(interactions)) {
    const values = await sample(() => visitSlowly(browser, base, "/", { ...networks[0], slowdown: 4 }, async (v) => {
      await act(v);
      await v.page.waitForTimeout(300);
      return v.page.evaluate(() => window.interaction);
    }));
    slow.push(`| ${name} | ${show(values)} | 100 |`);
  }
  return { lines, slow };
}

const [base] = process.argv.slice(2);
if (!base) {
  console.error("usage: node app/bench.mjs BASE_URL");
  process.exit(2);
}
const load = loadavg()[0].toFixed(1);
const browser = await launch();
try {
  const { lines, slow } = await report(browser, base);
  console.log(`# Pages in a browser

\`make bench-web\` wrote this report. Chromium ${browser.version()} and the server share ${cpus().length} processors (${cpus()[0].model}); the load of the machine was ${load} at the start and ${loadavg()[0].toFixed(1)} at the end. On a machine with other work, the figures say more about that work than about the pages.

Each figure is the median of ${runs} loads by a new visitor on a phone (390 × 844), with the least and the most. The network and the processor are those of Chromium's emulation: it delays each request by the latency, and does not emulate TCP or TLS.

## Largest picture or text (LCP)

| network | page | ms | least to most | goal |
|---|---|---|---|---|
${lines.join("\n")}

## Slowest response to an input (INP), processor ÷ 4

| what | ms | least to most | goal |
|---|---|---|---|
${slow.join("\n")}`);
} finally {
  await browser.close();
}
