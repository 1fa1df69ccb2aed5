// Lets three visitors use a running server as people do, for some minutes, and prints the report bench/JOURNEY.md:
//
//   node app/journey.mjs BASE_URL [MINUTES] > ../../bench/JOURNEY.md
//
// The server has the demo data. `make journey` starts one and runs this. Each round has one new course, which a student
// takes to its end. Exit code 1: a request was rejected or failed, or a view was stale.
import { cpus, loadavg } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { launch } from "../browser.mjs";
import { Record, slow } from "./journey_record.mjs";
import * as steps from "./journey_steps.mjs";

const [base, minutes = "10"] = process.argv.slice(2);
if (!base) {
  console.error("usage: node app/journey.mjs BASE_URL [MINUTES]");
  process.exit(2);
}

// runRound takes a course from its draft to the review of its student.
async function runRound(visitors, record, round) {
  const course = await steps.makesCourse(visitors, record, round);
  for (const step of [steps.browses, steps.enrolls, steps.watches, steps.losesNetwork, steps.showsCertificate, steps.reviews, steps.renamesCourse, steps.wishes, steps.renamesThemselves]) {
    await step(visitors, record, course, round);
  }
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

// summarize returns the rows of a table of durations by kind.
function summarize(requests) {
  const groups = {};
  for (const { kind, ms } of requests) (groups[kind] ??= []).push(ms);
  return Object.entries(groups).sort(([, a], [, b]) => b.length - a.length).map(([kind, all]) => {
    const times = all.toSorted((a, b) => a - b);
    const figures = [times.length, ...[quantile(times, 0.5), quantile(times, 0.95), times.at(-1)].map(Math.round), times.filter((ms) => ms > slow).length];
    return `| ${kind} | ${figures.join(" | ")} |`;
  });
}

const list = (title, lines) => (lines.length === 0 ? "" : `\n## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}\n`);

function report(record, { rounds, elapsed, lag, load, version }) {
  const delayed = record.requests.filter(({ ms }) => ms > slow).toSorted((a, b) => b.ms - a.ms);
  const live = record.live.toSorted((a, b) => a - b);
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(0);
  return `# A journey through the pages

\`make journey\` wrote this report. An instructor, a student and an administrator used the pages for ${(elapsed / 60_000).toFixed(1)} minutes, each in a browser of their own (Chromium ${version}), with pauses as people make them and with the limits of requests that a server has by default. Server, database and browsers share ${cpus().length} processors (${cpus()[0].model.trim()}); the load was ${load} at the start and ${loadavg()[0].toFixed(1)} at the end.

| what | number |
|---|--:|
| rounds: a new course, from its draft to the certificate and the review of its student | ${rounds} |
| pages opened | ${record.pages} |
| requests | ${record.requests.length} |
| rejected: a status of 400 or more, an error of an operation, or a problem with an input | ${record.rejected.length} |
| failed without a response, while there was a network | ${record.failed.length} |
| views compared with what had been written before | ${record.checks} |
| of these stale | ${record.stale.length} |
| delayed: requests of more than ${slow} ms | ${delayed.length} |

A change arrived in a page that was open after ${quantile(live, 0.5).toFixed(0)} ms in the median, and ${(live.at(-1) ?? 0).toFixed(0)} ms at most. Timers of the test's own process were up to ${ms(lag.max)} ms late (99 %: ${ms(lag.percentile(99))} ms): the noise of the machine. Videos and streams count until their first byte.

| request | number | median ms | 95 % ms | most ms | over ${slow} ms |
|---|--:|--:|--:|--:|--:|
${summarize(record.requests).join("\n")}
${list("The slowest of the delayed", delayed.slice(0, 10).map(({ name, ms }) => `${name}: ${Math.round(ms)} ms`))}${list("Rejected", record.rejected)}${list("Failed", record.failed)}${list("Stale", record.stale)}`;
}

const browser = await launch();
const record = new Record(), start = performance.now(), load = loadavg()[0].toFixed(1);
const lag = monitorEventLoopDelay({ resolution: 10 });
try {
  const visitors = await steps.open(browser, base, record);
  lag.enable();
  await steps.signsUp(visitors, record);
  let rounds = 0;
  do {
    await runRound(visitors, record, ++rounds);
    console.error(`round ${rounds}: ${record.requests.length} requests, ${record.rejected.length} rejected, ${record.stale.length} stale`);
  } while (performance.now() - start < minutes * 60_000);
  await steps.signsOut(visitors, record);
  lag.disable();
  console.log(report(record, { rounds, elapsed: performance.now() - start, lag, load, version: browser.version() }));
  if (record.rejected.length + record.failed.length + record.stale.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(`FAIL  ${error.stack}`);
  for (const problem of [...record.rejected, ...record.failed, ...record.stale]) console.error(`      ${problem}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
