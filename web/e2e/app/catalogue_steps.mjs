// Steps of everyone: the catalogue, the search and the pages of courses.
import assert from "node:assert/strict";
import * as sql from "../sql.mjs";
import { card, clock, counted, duration, figures, number, readCards, readRows } from "./texts.mjs";

export const maxCards = 60; // in the page, however long the list is
const pageSize = 24; // courses in the HTML

const count = (v) => v.text(".results-count");
const option = (v, group, index) => v.page.locator(".filter-group", { has: v.page.locator("legend", { hasText: group }) }).locator("label").nth(index);

// showsCourses compares the first cards of a list with courses.
async function showsCourses(v, expected, message) {
  const cards = expected.slice(0, pageSize).map(card);
  await v.shows("li:first-child > .course-card .course-title", cards[0].title);
  assert.deepEqual(await readCards(v, cards.length), cards, message);
}

// readFilters returns the numbers beside the filters, by their groups.
const readFilters = (v) => v.page.locator(".filter-group").evaluateAll((groups) => Object.fromEntries(groups.map((group) => [
  group.querySelector("legend").textContent,
  Object.fromEntries([...group.querySelectorAll("label")].filter((label) => label.querySelector(".filter-count"))
    .map((label) => [label.querySelector(".filter-text").textContent, Number(label.querySelector(".filter-count").textContent.replaceAll(",", ""))])),
])));

export async function showsCatalogue(v) {
  assert.equal(await count(v), counted(await sql.countCourses(), "course"));
  await showsCourses(v, await sql.courses());
  const { Language: _, ...shown } = await readFilters(v);
  assert.deepEqual(shown, await sql.facets());
}

export async function filters(v) {
  const label = option(v, "Category", 0);
  const category = await label.locator(".filter-text").innerText();
  await label.click();
  await v.shows(".results-count", counted(await sql.countCourses(category), "course"));
  assert.equal(new URL(v.page.url()).searchParams.getAll("category").length, 1, "the address has no category");
  await showsCourses(v, await sql.courses(sql.orders.newest, category));

  await v.page.getByLabel("Sort by").selectOption({ label: "Title: A to Z" });
  const sorted = await sql.courses(sql.orders.title, category);
  await showsCourses(v, sorted);
  await v.page.reload();
  await v.ready();
  await showsCourses(v, sorted, "the reload has other courses");

  await v.button("Clear all").click();
  await v.shows(".results-count", counted(await sql.countCourses(), "course"));
}

// scrollsAll scrolls to the end of the list. Every course is there once, and few of them at a time.
export async function scrollsAll(v) {
  await v.visit("/");
  const total = await sql.countCourses();
  const seen = new Set();
  const collect = async () => {
    const ids = await v.page.locator(".course-card").evaluateAll((cards) => cards.map((card) => card.dataset.testid));
    for (const id of ids) if (id) seen.add(id); // others stand for courses that are loading
    assert.ok(ids.length <= maxCards, `${ids.length} cards are in the page`);
  };
  const scroll = (by) => v.page.evaluate((pixels) => new Promise((resolve) => {
    scrollBy(0, pixels);
    requestAnimationFrame(() => setTimeout(resolve, 30));
  }), by).then(() => v.page.waitForFunction(() => [...document.querySelectorAll(".course-card:not([data-testid])")].every((card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return bottom < 0 || top > innerHeight; // what is seen has its data
  })));
  for (let i = 0; i < 400 && !(await v.text(".list-end")).startsWith("All "); i++) {
    await collect();
    await scroll(1000);
  }
  await v.shows(".list-end", `All ${total} courses shown`);
  while (await v.page.evaluate(() => scrollY + innerHeight < document.documentElement.scrollHeight - 1)) {
    await collect();
    await scroll(1000);
  }
  await collect();
  assert.equal(seen.size, total, "not every course was seen");
}

// suggests completes a word, and leads to the first course whose title begins with it.
export async function suggests(v) {
  const prefix = "graph";
  const box = v.page.getByRole("combobox", { name: "Search courses" });
  await box.pressSequentially(prefix);
  await v.page.getByRole("option").first().waitFor();
  const texts = await v.page.locator(".suggestion-text").allInnerTexts();
  const titles = await sql.rows("SELECT title, slug FROM courses WHERE published AND title ILIKE $1 || '%'", prefix);
  const at = texts.findIndex((text) => titles.some(({ title }) => title === text));
  assert.ok(at >= 0, `no title that begins with ${prefix} is in ${texts.join(", ")}`);
  for (let i = 0; i <= at; i++) await v.page.keyboard.press("ArrowDown");
  await v.page.keyboard.press("Enter");
  await v.page.waitForURL(`**/courses/${titles.find(({ title }) => title === texts[at]).slug}`);
}

export async function searches(v) {
  await v.visit("/");
  await v.page.getByRole("combobox", { name: "Search courses" }).fill("python");
  await v.page.keyboard.press("Enter");
  await v.page.waitForURL("**/search?q=python");
  const found = await sql.searchWord("python");
  await v.shows(".results-count", counted(found.length, "course"));
  await showsCourses(v, found);
  await v.visit("/search?q=qwertyuiopasdf");
  await v.page.getByText("No courses found").waitFor();
}

export async function showsCourse(v) {
  const course = (await sql.courses()).find(({ reviews }) => reviews > 0);
  const { slug } = course;
  await v.visit("/");
  await v.page.locator(`.course-title a[href="/courses/${slug}"]`).click();
  await v.page.waitForURL(`**/courses/${slug}`);
  await v.shows("h1", course.title);
  assert.deepEqual((await v.page.locator(".course-figures li").allTextContents()).slice(0, 4), figures(course));
  const text = await v.text("#main");
  for (const part of [course.category, course.instructor, course.description.slice(0, 60), ...course.outcomes, ...course.requirements]) {
    assert.ok(text.includes(part), `the page of the course does not have ${part}`);
  }
  await showsCurriculum(v, course);
  await showsReviews(v, course);
  const html = await (await fetch(`${v.base}/courses/${slug}`)).text();
  const data = JSON.parse(/<script type="application\/ld\+json">(.*?)<\/script>/s.exec(html)[1]);
  assert.deepEqual([data["@type"], data.name, data.instructor.name, Number(data.offers.price)], ["Course", course.title, course.instructor, course.price]);
}

async function showsCurriculum(v, course) {
  const videos = await sql.videos(course.id);
  assert.deepEqual(await readRows(v, ".curriculum .video-row", [".video-title", "span.muted"]), videos.slice(0, 100).map((video) => [video.title, clock(video.duration)]));
  assert.deepEqual(await readRows(v, ".curriculum summary", [".video-title", ".muted"]),
    (await sql.sections(course.id)).map((section) => [section.title, `${counted(section.videos, "video")} · ${duration(section.duration)}`]));
}

async function showsReviews(v, course) {
  const counts = await sql.histogram(course.id);
  const bars = await v.page.locator(".histogram-bar").allTextContents();
  assert.deepEqual(bars.sort(), Object.entries(counts).map(([rating, n]) => `${rating} ★stars:${number(n)} reviews`));
  assert.deepEqual(await readRows(v, ".review", ["strong", ".rating-star"]),
    (await sql.reviews(course.id, 5)).map(({ author, rating }) => [author, "★".repeat(rating)]));
}

export async function knowsWhatIsMissing(v) {
  for (const path of ["/no/such/page", "/courses/no-such-course"]) {
    const response = await v.page.goto(v.base + path);
    assert.equal(response.status(), 404);
    await v.page.getByRole("heading", { name: / not found$/ }).waitFor();
    v.expectProblems(/404/);
  }
}

export async function leadsToSignIn(v) {
  for (const path of ["/dashboard", "/studio", "/admin", "/account", "/wishlist"]) {
    await v.page.goto(v.base + path);
    await v.page.waitForURL(`**/sign-in?next=${encodeURIComponent(path)}`);
    await v.page.getByLabel("Password").waitFor();
  }
}

// worksOffline loses the network, which the pages say, and finds it again.
export async function worksOffline(v) {
  await v.visit("/");
  await v.context.setOffline(true);
  await v.shows(".offline-bar", "You are offline");
  await option(v, "Level", 0).click();
  await v.page.locator(".offline-bar", { hasText: "out of date" }).waitFor();
  await v.page.waitForTimeout(300);
  await v.context.setOffline(false);
  await v.page.locator(".offline-bar:empty").waitFor({ state: "attached" });
  await v.visit("/");
  v.expectProblems(/ERR_INTERNET_DISCONNECTED/);
}

export const thousands = 10_000;

// copyPages answers requests for later pages with copies of a course, until there are thousands of courses. The first
// page, which is in the HTML, has their number too: the list has no more places than that.
export async function copyPages(v, pageOf) {
  await v.page.route(`${v.base}/`, async (route) => {
    const response = await route.fetch();
    return route.fulfill({ response, body: (await response.text()).replace(/"totalCount":\d+/, `"totalCount":${thousands}`) });
  });
  let first;
  await v.page.route("**/graphql?*", async (route) => {
    const url = new URL(route.request().url());
    const { after } = JSON.parse(url.searchParams.get("variables") ?? "{}");
    if (!after) return route.continue();
    first ??= (await (await route.fetch()).json()).data.searchCourses;
    const start = Number(/^copy-(\d+)$/.exec(after)?.[1] ?? 24);
    const edges = Array.from({ length: Math.min(pageOf, thousands - start) }, (_, i) =>
      ({ ...first.edges[0], node: { ...first.edges[i % first.edges.length].node, id: `copy-${start + i}` } }));
    const end = start + edges.length;
    const pageInfo = { ...first.pageInfo, hasNextPage: end < thousands, endCursor: `copy-${end}` };
    return route.fulfill({ json: { data: { searchCourses: { ...first, totalCount: thousands, edges, pageInfo } } } });
  });
}

// scrollThousands scrolls through more courses than the demo has, and returns how many cards were in the page at most.
async function scrollThousands(v) {
  await copyPages(v, 2_000); // few requests
  await v.visit("/");
  let most = 0;
  for (let i = 0; i < 300 && !(await v.text(".list-end")).startsWith("All "); i++) {
    await v.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await v.page.waitForTimeout(50);
    most = Math.max(most, await v.page.locator(".course-card").count());
  }
  await v.page.locator(".list-end", { hasText: /^All / }).waitFor();
  await v.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await v.page.locator(`[aria-posinset="${thousands}"]`).waitFor();
  await v.page.unrouteAll();
  return most;
}

export async function scrollsThousands(v) {
  const most = await scrollThousands(v);
  assert.ok(most > 0 && most <= maxCards, `up to ${most} cards are in the page`);
}
