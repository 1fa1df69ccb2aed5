// Steps about time: pages are painted and respond to inputs within their budgets. Other work on the machine adds to a
// time and takes nothing away, so the first of a few tries that is within the budget is accepted.
import assert from "node:assert/strict";
import { maxFirstFrame, measureFirstFrame, starts } from "./first_frame.mjs";
import { fast, inputs, listPaths, measurePaint, measureResponse, slow } from "./slow_visits.mjs";

const tries = 8;
const maxResponse = 200; // ms; the limit of a good INP by web.dev/articles/inp. The benchmark has the goal of 100 ms.

async function meetsBudget(what, budget, measure) {
  const times = [];
  while (times.length < tries) {
    times.push(Math.round(await measure()));
    if (times.at(-1) <= budget) return;
  }
  assert.fail(`${what}: ${times.join(", ")} ms, all over ${budget} ms`);
}

// paintsWithin has the catalogue and a course: a search, which the benchmark has too, is painted as the catalogue.
async function paintsWithin(v, network) {
  for (const path of (await listPaths(v)).slice(0, 2)) {
    await meetsBudget(`${path} at ${network.name}`, network.maxPaint, () => measurePaint(v.context.browser(), v.base, path, network));
  }
}

export const paintsFast = (v) => paintsWithin(v, fast);
export const paintsSlowly = (v) => paintsWithin(v, slow);

export async function responds(v) {
  for (const name of Object.keys(inputs)) {
    await meetsBudget(name, maxResponse, () => measureResponse(v.context.browser(), v.base, name));
  }
}

// startsVideos has the starts by a click, with the HLS of the browser: hls.js starts sooner.
export async function startsVideos(v) {
  for (const start of Object.keys(starts).filter((name) => name.endsWith("from the click"))) {
    await meetsBudget(start, maxFirstFrame, () => measureFirstFrame(v.context.browser(), v.base, slow, { start, script: false }));
  }
}
