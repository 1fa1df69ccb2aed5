// Measures the catalogue while a visitor with a desktop scrolls through 10,000 courses.
import { desktop } from "../browser.mjs";
import { copyPages, thousands } from "./catalogue_steps.mjs";
import { createSlow, readTime } from "./slow_visits.mjs";

const pageOf = 48; // courses, as in the app
const step = 3_000; // pixels of a turn of the wheel

// measureHeap returns the MB of JavaScript objects that are in use.
async function measureHeap(v) {
  await v.devtools.send("HeapProfiler.collectGarbage");
  return (await v.devtools.send("Runtime.getHeapUsage")).usedSize / 1e6;
}

// takeTask returns the longest task since the last call.
async function takeTask(v) {
  const time = await readTime(v, "task");
  await v.page.evaluate(() => {
    window.times.task = 0;
  });
  return time;
}

// readCards returns how many cards are in the page, and the number of the last one.
const readCards = (v) => v.page.evaluate(() => {
  const items = document.querySelectorAll(".course-list [aria-posinset]");
  return { count: document.querySelectorAll(".course-card").length, last: Number(items[items.length - 1]?.ariaPosInSet ?? 0) };
});

// measureLongList returns the most cards in the page, the longest task, and the heap at the start, half and end.
export async function measureLongList(browser, base, network) {
  const v = await createSlow(browser, base, network, { viewport: desktop });
  await copyPages(v, pageOf);
  await v.visit("/");
  await takeTask(v); // that of the first rendering
  await v.page.mouse.move(desktop.width / 2, desktop.height / 2);
  const heap = [], tasks = [];
  let cards = 0, last = 0;
  while (last < thousands) {
    await v.page.mouse.wheel(0, step);
    await v.page.waitForTimeout(50);
    const shown = await readCards(v);
    [cards, last] = [Math.max(cards, shown.count), shown.last];
    if (last < thousands * [0.02, 0.5, 1][heap.length]) continue;
    tasks.push(await takeTask(v));
    heap.push(await measureHeap(v));
    await takeTask(v); // that of the collection
  }
  await v.context.close();
  return { cards, heap, task: Math.max(...tasks) };
}
