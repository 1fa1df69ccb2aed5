// Checks of every page that a role can open: problems in the browser, accessibility, width, shifts, sizes.
import assert from "node:assert/strict";
import { brotliCompressSync } from "node:zlib";
import { listPages } from "./pages.mjs";

const maxShift = 0.02; // of the layout, as CLS sums it
const maxDocument = 14_000; // bytes of HTML with data, which a new connection sends at once

const recordShifts = () => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
};

// checksPages opens each page of a role, wide and light, and then at 320 px and dark.
export async function checksPages(v, role) {
  await v.page.addInitScript(recordShifts);
  for (const path of await listPages(v, role)) {
    await v.page.setViewportSize({ width: 1280, height: 900 });
    await v.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await v.visit(path);
    await v.checkAccessibility(`${path}, light`);
    await v.page.setViewportSize({ width: 320, height: 700 });
    await v.page.emulateMedia({ colorScheme: "dark" });
    await v.checkAccessibility(`${path}, dark, 320 px`);
    const wide = await v.page.evaluate(() => (document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((element) => element.outerHTML.slice(0, 100))));
    assert.deepEqual(wide, [], `${path} scrolls sideways at 320 px`);
    assert.deepEqual(v.problems, [], `the browser reported problems with ${path}`);
  }
}

// keepsItsPlace opens each page of a role as it comes, wide and narrow: nothing moves while it loads.
export async function keepsItsPlace(v, role) {
  for (const width of [1280, 390]) {
    await v.page.setViewportSize({ width, height: 844 });
    for (const path of await listPages(v, role)) {
      await v.visit(path);
      const shift = await v.page.evaluate(() => window.shift);
      assert.ok(shift <= maxShift, `${path} shifts by ${shift.toFixed(3)} at ${width} px`);
    }
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
