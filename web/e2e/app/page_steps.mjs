// Checks of every page that a role can open: problems in the browser, accessibility, width, shifts, sizes.
import assert from "node:assert/strict";
import { brotliCompressSync } from "node:zlib";
import { desktop, phone } from "../browser.mjs";
import { listPages } from "./pages.mjs";

const maxShift = 0.02; // of the layout, as CLS sums it
const narrow = 320;
const maxDocument = 14_000; // bytes of HTML with data, which a new connection sends at once

const recordShifts = () => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
};

// checksPages opens each page of a role on a phone, where nothing moves while it loads, then at 320 px and dark, then
// wide and light.
export async function checksPages(v, role) {
  await v.page.addInitScript(recordShifts);
  await v.page.emulateMedia({ reducedMotion: "reduce" });
  for (const path of await listPages(v, role)) {
    await v.page.setViewportSize(phone);
    await v.visit(path);
    const shift = await v.page.evaluate(() => window.shift);
    assert.ok(shift <= maxShift, `${path} shifts by ${shift.toFixed(3)}`);
    await v.page.setViewportSize({ width: narrow, height: 700 });
    await v.page.emulateMedia({ colorScheme: "dark" });
    await v.checkAccessibility(`${path}, dark, ${narrow} px`);
    const wide = await v.page.evaluate(() => (document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((element) => element.outerHTML.slice(0, 100))));
    assert.deepEqual(wide, [], `${path} scrolls sideways at ${narrow} px`);
    await v.page.setViewportSize(desktop);
    await v.page.emulateMedia({ colorScheme: "light" });
    await v.checkAccessibility(`${path}, light`);
    assert.deepEqual(v.problems, [], `the browser reported problems with ${path}`);
  }
}

// fitsFirstFlight measures the public pages with their data.
export async function fitsFirstFlight(v) {
  for (const path of await listPages(v, "anonymous")) {
    const html = await (await fetch(v.base + path, { headers: { "accept-encoding": "identity" } })).text();
    const { length } = brotliCompressSync(html);
    assert.ok(length <= maxDocument, `${path} has ${length} bytes`);
  }
}
