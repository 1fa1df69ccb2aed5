// Measures the pages of running servers in Chromium with a slow network and a slow processor, prints its progress, and
// writes the report bench/WEB.md:
//
//   node app/bench.mjs BASE_URL LITE_URL FILE
//
// Both servers have the demo data; the second one has the smaller build (WEB=lite). `make bench-web` starts them and
// runs this.
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { launch } from "../browser.mjs";
import { disconnect } from "../sql.mjs";
import * as catalogue from "./catalogue_steps.mjs";
import { maxFirstFrame, measureFirstFrame, starts } from "./first_frame.mjs";
import { measureLongList } from "./long_list.mjs";
import { busy, fast, inputs, listPaths, maxResponse, measurePaint, measureResponse, slow } from "./slow_visits.mjs";
import * as student from "./student_steps.mjs";
import { Visitor } from "./visitor.mjs";

const runs = 5, fewRuns = 3;

// sample measures several times, and returns the cells of the median and of the range.
async function sample(name, times, measure) {
  const values = [];
  for (let i = 0; i < times; i++) values.push(Math.round(await measure()));
  values.sort((a, b) => a - b);
  console.log(`${name}: ${values.join(", ")}`);
  return [values[(times - 1) / 2], `${values[0]} to ${values.at(-1)}`];
}

const count = (value) => value.toLocaleString("en-US");

const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

async function tablePaints(browser, base, paths, times) {
  const rows = [];
  for (const network of [fast, slow]) {
    for (const path of paths) {
      const cells = await sample(`${network.name} ${path}`, times, () => measurePaint(browser, base, path, network));
      rows.push([network.name, path, ...cells, count(network.maxPaint)]);
    }
  }
  return table(["network", "page", "ms", "least to most", "goal"], rows);
}

async function tableResponses(browser, base) {
  const rows = [];
  for (const name of Object.keys(inputs)) {
    rows.push([name, ...await sample(name, runs, () => measureResponse(browser, base, name)), maxResponse]);
  }
  return table(["input", "ms", "least to most", "goal"], rows);
}

async function tableLongList(browser, base) {
  const rows = [];
  for (let i = 1; i <= fewRuns; i++) {
    const { cards, task, heap } = await measureLongList(browser, base, fast);
    rows.push([i, cards, Math.round(task), ...heap.map((megabytes) => megabytes.toFixed(1))]);
    console.log(`10,000 courses: ${rows.at(-1).join(", ")}`);
  }
  return table(["visit", "most cards in the page", "longest task, ms", "heap at the start, MB", "half", "end"], rows);
}

async function tableFirstFrames(browser, base) {
  const rows = [];
  for (const start of Object.keys(starts)) {
    for (const script of start.includes("HLS") ? [false, true] : [false]) {
      const cells = await sample(`${start} ${script}`, fewRuns, () => measureFirstFrame(browser, base, slow, { start, script }));
      rows.push([start, script ? "hls.js" : "the browser", ...cells, count(maxFirstFrame)]);
    }
  }
  return table(["start", "player", "ms", "least to most", "goal"], rows);
}

// driveLite takes the first steps of a visitor with the smaller build, and fails if one fails.
async function driveLite(browser, lite) {
  const v = await Visitor.open(browser, lite);
  await v.step("shows the catalogue", catalogue.showsCatalogue);
  await v.step("searches", catalogue.searches);
  await v.step("shows a course", catalogue.showsCourse);
  await v.step("signs in", student.signsIn);
  await v.context.close();
}

async function report(browser, base, lite) {
  const load = loadavg()[0].toFixed(1);
  const visitor = await Visitor.open(browser, base);
  const paths = await listPaths(visitor);
  await visitor.context.close();
  await driveLite(browser, lite);
  const parts = {
    paints: await tablePaints(browser, base, paths, runs),
    responses: await tableResponses(browser, base),
    list: await tableLongList(browser, base),
    frames: await tableFirstFrames(browser, base),
    lite: await tablePaints(browser, lite, paths, fewRuns),
  };
  return `# Pages in a browser

\`make bench-web\` wrote this report. Chromium ${browser.version()} and the servers share ${cpus().length} processors (${cpus()[0].model}); the load of the machine was ${load} at the start and ${loadavg()[0].toFixed(1)} at the end. On a machine with other work, the figures say more about that work than about the pages.

Times are the median of ${runs} visits, or of ${fewRuns} for videos and the smaller build, by a new visitor on a phone (390 × 844), with the least and the most. The network and the processor are those of Chromium's emulation: it delays each request by the latency, and does not emulate TCP or TLS.

## Largest picture or text (LCP)

${parts.paints}

## Slowest response to an input (INP), processor ÷ ${busy.slowdown}

${parts.responses}

## 10,000 courses, scrolled from the first to the last on a desktop

${parts.list}

At most ${catalogue.maxCards} cards are allowed in the page, and a task of at most 100 ms. Each turn of the wheel shows other cards. The heap is measured after a collection of garbage.

## First frame of the sample video, ${slow.name}

${parts.frames}

## The smaller build (\`WEB=lite\`): largest picture or text

${parts.lite}

It also showed the catalogue, searched, opened a course and signed in.
`;
}

const [base, lite, file] = process.argv.slice(2);
if (!file) {
  console.error("usage: node app/bench.mjs BASE_URL LITE_URL FILE");
  process.exit(2);
}
const browser = await launch();
try {
  writeFileSync(file, await report(browser, base, lite));
} finally {
  await browser.close();
  await disconnect();
}
