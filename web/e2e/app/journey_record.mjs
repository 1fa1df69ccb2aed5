// What happens to the requests of a journey, and to what its visitors write.
import { readFileSync } from "node:fs";

export const slow = 500; // ms of a request that counts as delayed
const liveLimit = 2_000; // ms until a change must have arrived in an open page

// operationNames has the names of the app's operations by the ids of their documents.
const operationNames = new Map(Object.entries(JSON.parse(readFileSync(new URL("../../dist/documents.json", import.meta.url), "utf8")))
  .map(([hash, text]) => [`sha256:${hash}`, /^\w+ (\w+)/.exec(text)[1]]));

const documentOf = (request, url) => (request.method() === "POST" ? request.postDataJSON()?.documentId : url.searchParams.get("documentId"));

// describe returns the kind of a request, and its operation or its path.
function describe(request) {
  const url = new URL(request.url()), [, first] = url.pathname.split("/");
  if (first === "graphql") return { kind: "operations", name: operationNames.get(documentOf(request, url)) ?? "GraphQL" };
  if (first === "session") return { kind: "sessions", name: url.pathname };
  if (request.isNavigationRequest()) return { kind: "pages", name: url.pathname };
  return { kind: first === "media" ? "videos" : first === "vitals" ? "vitals" : "files", name: url.pathname };
}

// Record has the requests of all visitors, and the checks of what they see.
export class Record {
  requests = []; // { kind, name, ms }
  rejected = []; // statuses of 400 and more, errors of operations, and problems with an input
  failed = []; // requests without a response
  checks = 0;
  stale = []; // views that were older than what had been written
  live = []; // ms until a change arrived in a page that was open
  pages = 0;

  // watch records the requests of a visitor. While the visitor is offline, requests may fail.
  watch(visitor, who) {
    const { page } = visitor;
    page.on("response", (response) => void this.#check(response, who).catch(() => {})); // the page was left
    page.on("requestfinished", (request) => void this.#measure(request).catch(() => {}));
    page.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText ?? "";
      if (!visitor.isOffline && reason !== "net::ERR_ABORTED") this.failed.push(`${who}: ${describe(request).name}: ${reason}`);
    });
    page.on("framenavigated", (frame) => { if (frame === page.mainFrame()) this.pages++; });
  }

  async #check(response, who) {
    const request = response.request(), { name } = describe(request);
    if (response.status() >= 400) this.rejected.push(`${who}: ${name}: status ${response.status()}`);
    if (new URL(response.url()).pathname !== "/graphql" || !response.headers()["content-type"]?.includes("json")) return;
    const { data, errors = [] } = await response.json();
    for (const { message } of errors) this.rejected.push(`${who}: ${name}: ${message}`);
    for (const payload of Object.values(data ?? {})) {
      for (const { message } of payload?.userErrors ?? []) this.rejected.push(`${who}: ${name}: ${message}`);
    }
  }

  // #measure records how long a request took: a stream and a file of a video until their first byte.
  async #measure(request) {
    const { responseStart, responseEnd } = request.timing(), { kind, name } = describe(request);
    const type = (await request.response())?.headers()["content-type"] ?? "";
    const ms = kind === "videos" || type.includes("event-stream") ? responseStart : responseEnd;
    if (ms >= 0) this.requests.push({ kind, name, ms });
  }

  // fresh records whether a view shows what was written before. The view gets no time to change.
  async fresh(what, shows) {
    this.checks++;
    if (!(await shows())) this.stale.push(what);
  }

  // arrives records how long a change takes to arrive in a page that is open.
  async arrives(what, locator) {
    this.checks++;
    const start = performance.now();
    await locator.waitFor({ timeout: 15_000 }).catch(() => {});
    const ms = performance.now() - start;
    this.live.push(ms);
    if (ms > liveLimit) this.stale.push(`${what}, for ${Math.round(ms)} ms`);
  }
}
