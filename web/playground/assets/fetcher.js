// Sends the operations of the editor, and measures their responses for the panel.
import { config } from "./config.js";
import { findDocument } from "./documents.js";
import { authorization, refreshIfDue, reportUnauthenticated } from "./session.js";
import { isStream, readEvents } from "./stream.js";

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

// explainRun calls run, which sends a request before it returns, so that the response has its plan.
let isExplained = false;
export function explainRun(run) {
  isExplained = true;
  try {
    run();
  } finally {
    isExplained = false;
  }
}

// requestBody returns the body of a request. Where texts do not run, a document of the list is sent by its id.
export function requestBody(params) {
  const id = config.idsOnly ? findDocument(params.query)?.id : undefined;
  if (!id) return params;
  const { query, ...rest } = params;
  return { documentId: id, ...rest };
}

const hasOwnToken = (headers) => Object.keys(headers).some((name) => name.toLowerCase() === "authorization");

// send sends a request. A header of the tab's own editor has precedence over the session's. It returns the
// response and the time at which it was sent.
async function send(url, init, extraHeaders) {
  await refreshIfDue();
  const headers = { ...extraHeaders, ...(hasOwnToken(init.headers) ? {} : authorization()), ...init.headers };
  performance.clearResourceTimings(); // browsers store 250
  const start = performance.now();
  return [await fetch(url, { ...init, headers }), start];
}

// measuredFetch is fetch for GraphiQL.
async function measuredFetch(url, init) {
  const extraHeaders = { ...costHeaders, ...(isDryRun ? { "GraphQL-Dry-Run": "1" } : {}), ...(isExplained ? { "GraphQL-Explain": "1" } : {}) };
  const body = JSON.stringify(requestBody(JSON.parse(init.body)));
  const [response, start] = await send(url, { ...init, body }, extraHeaders);
  const text = await response.text();
  report(response, text, performance.now() - start);
  if (response.status === 401 && !hasOwnToken(init.headers)) reportUnauthenticated();
  return new Response(text, response);
}

// followStream returns the responses of a stream in the form that GraphiQL shows, with a button that stops it.
function followStream(params, ownHeaders = {}) {
  return {
    subscribe({ next, error, complete }) {
      const stop = new AbortController();
      const headers = { "Content-Type": "application/json", Accept: "text/event-stream", ...ownHeaders };
      const init = { method: "POST", headers, body: JSON.stringify(requestBody(params)), signal: stop.signal };
      send(config.endpoint, init, {}).then(async ([response, start]) => {
        const show = (text) => {
          report(response, text, performance.now() - start);
          next(JSON.parse(text));
        };
        await (response.headers.get("Content-Type").startsWith("text/event-stream") ? readEvents(response, show) : response.text().then(show));
        complete();
      }).catch((failure) => { if (!stop.signal.aborted) error(failure); });
      return { unsubscribe: () => stop.abort() };
    },
  };
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
    cost: extensions.cost ?? null, dryRun: extensions.dryRun ?? null, plan: extensions.explain ?? null,
  };
  for (const listener of listeners) listener(measured);
}

export function createFetcher() {
  const fetchOnce = GraphiQL.createFetcher({ url: config.endpoint, enableIncrementalDelivery: false, fetch: measuredFetch });
  return (params, options) => (isStream(params) && !isDryRun && !isExplained ? followStream(params, options?.headers) : fetchOnce(params, options));
}
