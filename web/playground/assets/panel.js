// The panel below the response: its status, time, size, SQL, cache and cost, and what can be done with the
// operation.
import { describeCache } from "./cache_status.js";
import { element } from "./dom.js";
import { dryRun, explainRun, onResponse, requestCost } from "./fetcher.js";
import { createPlan } from "./plan.js";

const bytes = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const formatBytes = (n) => (n < 1000 ? `${n} B` : `${bytes.format(n / 1000)} kB`);
const formatTime = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
const count = new Intl.NumberFormat("en");
const formatCount = (n) => (n === null ? "–" : count.format(n));

const figures = element("dl", { className: "figures" });
const cacheText = element("p", { className: "cache-text" });
const costs = element("div", { className: "costs", hidden: true, tabIndex: 0, role: "region", "aria-label": "Cost by path" });
const plan = createPlan();
const hint = element("p", { className: "cache-text" }, "Run the operation to see its time, size, SQL statements and cache.");
const summary = element("div", { role: "status" }, hint, figures, cacheText);

function figure(name, value, className = "") {
  return element("div", { className }, element("dt", {}, name), element("dd", {}, value));
}

// describeSQL returns the database usage of a Server-Timing header; null if the server does not report it.
function describeSQL(headers) {
  return /sql;desc="([^"]*)"/.exec(headers.get("Server-Timing") ?? "")?.[1] ?? null;
}

function describeSize({ bytes: size, transferredBytes: transferred }) {
  return transferred && transferred < size ? `${formatBytes(size)} (${formatBytes(transferred)} sent)` : formatBytes(size);
}

function showResponse(measured) {
  hint.remove();
  const cache = describeCache(measured.headers);
  const sql = describeSQL(measured.headers);
  figures.replaceChildren(...[
    figure("Status", `${measured.status} ${measured.statusText}`.trim(), measured.status < 400 ? "good" : "bad"),
    figure("Cache", cache.label),
    figure("Time", formatTime(measured.milliseconds)),
    figure("Size", describeSize(measured)),
    sql && figure("SQL", sql),
  ].filter(Boolean));
  cacheText.textContent = measured.dryRun ? "Dry run: nothing was executed." : cache.text;
  showCost(measured);
  plan.show(measured.plan);
}

function showCost({ cost, dryRun: estimate }) {
  costs.hidden = cost === null;
  if (cost === null) return;
  const caption = [`Estimate ${formatCount(cost.requestedQueryCost)} of ${formatCount(cost.maximumAvailable)}`];
  if (cost.actualQueryCost !== null) caption.push(`actual ${formatCount(cost.actualQueryCost)}`);
  if (estimate) caption.push(`up to ${formatCount(estimate.fields)} fields`, `depth ${estimate.depth}`, `about ${estimate.sqlStatements} SQL statements`);
  const cells = (tag, ...values) => values.map((value, i) => element(tag, tag === "th" ? { scope: "col" } : { className: i ? "number" : "" }, value));
  costs.replaceChildren(element("table", {},
    element("caption", {}, `Cost: ${caption.join(", ")}`),
    element("thead", {}, element("tr", {}, ...cells("th", "Path", "Estimate", "Actual"))),
    element("tbody", {}, ...cost.byPath.map((path) => element("tr", {}, ...cells("td", path.path, formatCount(path.requested), formatCount(path.actual))))),
  ));
}

// createPanel returns the panel. actions has run, toggleLive, copyLink, which returns a message, and showCode.
export function createPanel(actions) {
  const note = element("span", { className: "note", role: "status" });
  let noteTimer = 0;
  const measure = element("input", { type: "checkbox", onchange: () => requestCost(measure.checked) });
  const button = (title, text, onclick) => element("button", { type: "button", title, onclick }, text);
  const tools = element("div", { className: "tools" },
    button("Estimate the cost without running the operation", "Dry run", () => dryRun(actions.run)),
    button("Run the operation and show its plan: round trips, batches and statements", "Plan", () => explainRun(actions.run)),
    element("label", { title: "Responses report their cost by path; the cache is not used" }, measure, "Measure cost"),
    button("Add or remove @live: the response is sent again when it changes", "Live", actions.toggleLive),
    note,
    button("Copy a link to this operation and its variables", "Copy link", async () => {
      note.textContent = await actions.copyLink();
      clearTimeout(noteTimer);
      noteTimer = setTimeout(() => { note.textContent = ""; }, 4000);
    }),
    button("This operation in curl, JavaScript, Swift and Kotlin", "Code", actions.showCode),
  );
  onResponse(showResponse);
  return element("section", { className: "panel", "aria-label": "Response details" }, tools, summary, costs, plan.region);
}
