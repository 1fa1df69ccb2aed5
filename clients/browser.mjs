// Chromium with the page of app/, at an origin other than the API's. The requests of its pages to the API
// are recorded, preflights included.
import { createServer } from "node:http";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { url } from "./server.mjs";

// origin is the page's. The server allows it by CORS_ALLOWED_ORIGINS; Chromium resolves it to servePages.
export const origin = "http://app.localhost";
const app = join(import.meta.dirname, "app");

// servePages serves the page of a library, /apollo/ or /urql/, and other pages by their path. It returns the port.
async function servePages(t, others) {
  const scripts = Object.fromEntries(await Promise.all(["apollo", "urql"].map(async (library) => {
    const { outputFiles } = await build({
      entryPoints: [join(app, `${library}-page.mjs`)], bundle: true, format: "esm", write: false,
      loader: { ".graphql": "text" }, define: { "process.env.NODE_ENV": '"production"' },
    });
    return [`/${library}/client.js`, outputFiles[0].text];
  })));
  const html = await readFile(join(app, "index.html"), "utf8");
  const server = createServer((request, response) => {
    const path = new URL(request.url, origin).pathname;
    response.setHeader("content-type", scripts[path] ? "text/javascript" : "text/html").end(scripts[path] ?? others[path] ?? html);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server.address().port;
}

// startBrowsers starts two Chromiums. They serve pages, by path, besides those of the libraries.
export async function startBrowsers(t, pages) {
  const port = await servePages(t, pages);
  const [reloading, restoring] = await Promise.all([[], ["--disable-back-forward-cache"]].map(async (ignoreDefaultArgs) => {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      ignoreDefaultArgs,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        `--host-resolver-rules=MAP app.localhost:80 127.0.0.1:${port}`],
    });
    t.after(() => browser.close());
    return browser;
  }));
  // The back button loads pages again, or restores them from memory.
  return { openReloading: () => openProfile(reloading), openRestoring: () => openProfile(restoring) };
}

// openProfile returns a profile of its own: storage, caches and tabs. It records the requests of its tabs.
async function openProfile(browser) {
  const context = await browser.newContext();
  context.setDefaultTimeout(15_000);
  await context.addInitScript(observePage);
  const requests = [], faults = [];
  return {
    requests,
    faults, // errors that the page did not handle
    // openPage opens a tab with the page of a library, or another page by its path.
    async openPage(path) {
      const page = await context.newPage();
      const network = await context.newCDPSession(page);
      await record(network, requests);
      page.on("pageerror", (error) => faults.push(error.message));
      await page.goto(`${origin}/${path}/?api=${encodeURIComponent(url)}`);
      return Object.assign(page, { network });
    },
  };
}

// record adds the requests of a tab to the API to requests.
async function record(network, requests) {
  const byId = new Map();
  const change = (id, values) => Object.assign(byId.get(id) ?? {}, values);
  network.on("Network.requestWillBeSent", ({ requestId, request, type }) => {
    if (!request.url.startsWith(url)) return;
    const parameters = request.postData ? JSON.parse(request.postData) : Object.fromEntries(new URL(request.url).searchParams);
    byId.set(requestId, { method: type === "Preflight" ? "OPTIONS" : request.method, operation: operationName(parameters) });
    requests.push(byId.get(requestId));
  });
  network.on("Network.responseReceived", ({ requestId, response }) => change(requestId, { status: response.status }));
  network.on("Network.loadingFailed", ({ requestId, errorText, canceled }) => change(requestId, { failed: canceled ? undefined : errorText }));
  await network.send("Network.enable");
}

const operationName = ({ operationName: name, query = "" }) => name ?? query.match(/\w+(?=[({\s])/)?.[0];

// observePage runs in each page before its scripts. It records in localStorage when the list of courses
// becomes blank. It also records when a course is shown as not enrolled after the page itself, or any page
// before it, showed the enrollment.
function observePage() {
  const read = (key) => JSON.parse(localStorage.getItem(key) ?? "[]");
  const add = (key, value) => localStorage.setItem(key, JSON.stringify([...new Set([...read(key), value])]));
  window.enrolledCourses = new Set(read("test:enrolled"));
  window.signedOut = false; // by the test, which then expects no enrollments
  addEventListener("pageshow", ({ persisted }) => { window.restored = persisted; });
  let filled = false;
  function observe() {
    const items = [...document.querySelectorAll("#courses li")];
    if (filled && items.length === 0) add("test:problems", "the list is blank");
    filled ||= items.length > 0;
    for (const { dataset: { id }, textContent } of items) {
      if (textContent.includes("enrolled,")) {
        window.enrolledCourses.add(id);
        add("test:enrolled", id);
      } else if (window.enrolledCourses.has(id) && !window.signedOut) {
        add("test:problems", `the enrollment is not shown: ${textContent}`);
      }
    }
  }
  new MutationObserver(observe).observe(document, { childList: true, subtree: true });
}
