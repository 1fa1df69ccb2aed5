// Checks what a visitor of the previous release loads after a small change of the app:
//
//   node app/second_visit.mjs BASE_BEFORE BASE_AFTER
//
// Both servers have the demo data. One address stands before them, as it does in a deployment, and counts the bytes of the
// scripts. `make second-visit` builds both and runs this.
import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { launch } from "../browser.mjs";
import { Visitor } from "./visitor.mjs";

const budget = 10_000; // bytes of scripts on the second visit

// Front forwards the requests of the browser to a server, and records its scripts.
class Front {
  scripts = [];
  withoutDictionaries = false;

  async listen() {
    this.server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://localhost:${this.server.address().port}`;
  }

  forward(incoming, outgoing) {
    const { method, url, headers } = incoming;
    if (this.withoutDictionaries) delete headers["available-dictionary"];
    const forwarded = request(new URL(url, this.upstream), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
      if (!url.endsWith(".js")) return;
      const script = { url, coding: response.headers["content-encoding"], bytes: 0 };
      this.scripts.push(script);
      response.on("data", ({ length }) => { script.bytes += length; });
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  }
}

// visit opens the first page of a server, and returns the scripts that it loaded. The last one is that of the vitals; the
// browser stores its dictionaries afterwards.
async function visit(visitor, front, upstream) {
  Object.assign(front, { upstream, scripts: [] });
  await visitor.visit("/");
  await visitor.page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.includes("/beacon-") && responseEnd > 0));
  await visitor.page.waitForTimeout(2_000);
  return front.scripts;
}

// visitBoth visits a release for the first time and then the next one, and returns the scripts of that visit. Routes would
// switch off the browser's cache, so the visitor has none.
async function visitBoth(browser, front, base, [before, after]) {
  const context = await browser.newContext();
  const visitor = Object.assign(new Visitor(), { base, context, page: await context.newPage() });
  await visit(visitor, front, before);
  const scripts = await visit(visitor, front, after);
  assert.deepEqual(await visit(visitor, front, after), [], "scripts of the same release are loaded again");
  await context.close();
  return scripts;
}

const sum = (scripts) => scripts.reduce((total, { bytes }) => total + bytes, 0);

const servers = process.argv.slice(2);
if (servers.length !== 2) {
  console.error("usage: node app/second_visit.mjs BASE_BEFORE BASE_AFTER");
  process.exit(2);
}
const front = new Front();
const base = await front.listen();
const browser = await launch();
try {
  front.withoutDictionaries = true;
  const whole = await visitBoth(browser, front, base, servers);
  front.withoutDictionaries = false;
  const scripts = await visitBoth(browser, front, base, servers);
  for (const { url, coding, bytes } of scripts) console.log(`${String(bytes).padStart(7)} bytes  ${coding}  ${url}`);
  console.log(`${String(sum(scripts)).padStart(7)} bytes, and ${sum(whole)} without dictionaries`);
  assert.ok(sum(whole) > budget, "the change is so small that the check cannot fail");
  assert.ok(sum(scripts) <= budget, `more than ${budget} bytes of scripts`);
} finally {
  await browser.close();
  front.server.close();
}
