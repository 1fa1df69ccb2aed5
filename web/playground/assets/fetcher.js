// Sends the operations of the editor, and measures their responses for the panel.
import { config } from "./config.js";
import { findDocument } from "./documents.js";
import { authorization, refreshIfDue, reportUnauthenticated } from "./session.js";

const listeners = [];
export const onResponse = (listener) => listeners.push(listener);

// The headers that the next requests have, by which responses report costs.
let costHeaders = {};
export function requestCost(enabled) {
  costHeaders = enabled ? { "GraphQL-Cost": "1" } : {};
}

// dryRun calls run, which sends a request before it returns, so that the request is not executed.
let isDryRun = false;
export function dryRun(run) {
  isDryRun = true;
  run();
  isDryRun = false;
}

// requestBody returns the body of a request. Where texts do not run, a document of the list is sent by its id.
export function requestBody(params) {
  const id = config.idsOnly ? findDocument(params.query)?.id : undefined;
  if (!id) return params;
  const { query, ...rest } = params;
  return { documentId: id, ...rest };
}

// measuredFetch is fetch for GraphiQL. A header of the tab's own editor has precedence over the session's.
async function measuredFetch(url, init) {
  const headers = { ...costHeaders, ...(isDryRun ? { "GraphQL-Dry-Run": "1" } : {}) };
  await refreshIfDue();
  const own = new Set(Object.keys(init.headers).map((name) => name.toLowerCase()));
  if (!own.has("authorization")) Object.assign(headers, authorization());
  const body = JSON.stringify(requestBody(JSON.parse(init.body)));
  performance.clearResourceTimings(); // browsers store 250
  const start = performance.now();
  const response = await fetch(url, { ...init, body, headers: { ...headers, ...init.headers } });
  const text = await response.text();
  report(response, text, performance.now() - start);
  if (response.status === 401 && !own.has("authorization")) reportUnauthenticated();
  return new Response(text, response);
}

function report(response, text, milliseconds) {
  let extensions = {};
  try {
    extensions = JSON.parse(text).extensions ?? {};
  } catch {
    // a proxy's page; GraphiQL shows the error
  }
  const [timing] = performance.getEntriesByName(response.url);
  const measured = {
    status: response.status, statusText: response.statusText, headers: response.headers, milliseconds,
    bytes: new TextEncoder().encode(text).length, transferredBytes: timing?.encodedBodySize ?? 0,
    cost: extensions.cost ?? null, dryRun: extensions.dryRun ?? null,
  };
  for (const listener of listeners) listener(measured);
}

export const createFetcher = () => GraphiQL.createFetcher({
  url: config.endpoint,
  subscriptionUrl: new URL(config.endpoint, location.href.replace(/^http/, "ws")).href,
  enableIncrementalDelivery: false,
  fetch: measuredFetch,
});
