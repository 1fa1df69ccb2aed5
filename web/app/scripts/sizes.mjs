// Prints the sizes of the builds as the browser loads them, and fails if one is beyond its budget.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const web = join(import.meta.dirname, "../..");
const budgets = { "dist": { first: 85_000, route: 10_000, css: 10_000 }, "dist-lite": { first: 40_000, route: 10_000, css: 10_000 } };
let failed = false;

for (const [name, budget] of Object.entries(budgets)) {
  const { entry, routes } = JSON.parse(readFileSync(join(web, name, "manifest.json"), "utf8"));
  const size = (file) => {
    const path = join(web, name, file);
    return statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
  };
  const sum = (files) => files.reduce((total, file) => total + size(file), 0);
  const report = (what, bytes, limit) => {
    if (bytes > limit) failed = true;
    console.log(`${bytes > limit ? "FAIL" : "ok  "} ${String(bytes).padStart(6)} of ${String(limit).padStart(5)} bytes  ${name}: ${what}`);
  };

  const first = routes.find(({ pattern }) => pattern === "/");
  report("JavaScript of the first route", sum([entry.js, ...entry.preload, first.chunk, ...first.preload]), budget.first);
  report("styles of all pages", size(entry.css), budget.css);
  for (const route of routes) {
    report(`route ${route.name}`, sum([route.chunk, ...route.preload]), budget.route);
    if (route.css.length > 0) report(`styles of route ${route.name}`, sum(route.css), budget.css);
  }
}
if (failed) process.exit(1);
