// Draws the plan of an operation: its selections, round trips, batches and statements (docs/explain.md).
import { element } from "./dom.js";

const formatTime = (ms) => `${ms.toFixed(2)} ms`;
const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

// describeVerdict returns in words what the cache does with the operation.
function describeVerdict(cache) {
  const parts = [`Cache: ${cache.result}`];
  if (cache.reason) parts.push(cache.reason);
  if (cache.scope) parts.push(`shared by ${cache.scope} for ${cache.maxAge} s`);
  if (cache.field) parts.push(`maximum age by ${cache.field}`);
  if (cache.privateField) parts.push(`private by ${cache.privateField}`);
  return `${parts.join(", ")}. ${plural(cache.tags.length, "tag")}.`;
}

function selectionItem({ path, trips }) {
  const names = path.split(".");
  const waits = trips.length ? element("span", { className: "plan-note" }, ` waits for round trip ${trips.join(", ")}`) : null;
  const item = element("li", {}, element("code", {}, names.at(-1)), waits);
  item.style.paddingInlineStart = `${(names.length - 1) * 14}px`;
  return item;
}

function statementItem(statement) {
  const text = element("details", {},
    element("summary", {}, element("code", {}, statement.name), ` ${plural(statement.rows, "row")}, ${formatTime(statement.ms)}`),
    element("pre", {}, statement.sql));
  return element("li", {}, text);
}

const batchItem = (batch) => element("li", {}, element("code", {}, batch.loader), ` ${plural(batch.keys, "key")} for ${batch.field || "a root field"}`);

function tripItem(trip) {
  return element("li", {},
    element("strong", {}, `Round trip ${trip.number}`), element("span", { className: "plan-note" }, ` round ${trip.round}, ${trip.database}, ${formatTime(trip.ms)}`),
    element("ul", {}, ...trip.batches.map(batchItem)),
    element("ul", {}, ...trip.statements.map(statementItem)));
}

// createPlan returns the region that shows plans, and the function that draws one; null hides it.
export function createPlan() {
  const region = element("div", { className: "plan", hidden: true, tabIndex: 0, role: "region", "aria-label": "Plan" });
  const show = (plan) => {
    region.hidden = !plan;
    if (!plan) return;
    const cost = plan.cost ? ` Cost ${plan.cost.requestedQueryCost}, actual ${plan.cost.actualQueryCost ?? "–"}.` : "";
    region.replaceChildren(
      element("p", {}, `${plural(plan.rounds, "round")}, ${plural(plan.roundTrips, "round trip")}, ${plural(plan.statements, "statement")}.${cost}`),
      element("p", { className: "plan-verdict" }, describeVerdict(plan.cache)),
      element("div", { className: "plan-columns" },
        element("ul", { "aria-label": "Selections" }, ...plan.selections.map(selectionItem)),
        element("ol", { "aria-label": "Round trips" }, ...plan.trips.map(tripItem))),
    );
  };
  return { region, show };
}
