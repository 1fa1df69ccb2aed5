// Steps of everyone: the catalogue, the search and the pages of courses.
import assert from "node:assert/strict";

export const maxCards = 60; // in the page, however long the list is

const titles = (v) => v.page.locator(".course-title a").allTextContents();
const count = (v) => v.text(".results-count");
const option = (v, group, index) => v.page.locator(".filter-group", { has: v.page.locator("legend", { hasText: group }) }).locator("label").nth(index);

// search returns the courses that the API finds.
async function search(v, variables) {
  const { searchCourses } = await v.api(`query ($query: String, $first: Int!, $filter: CourseFilter, $orderBy: CourseOrder) {
    searchCourses(query: $query, first: $first, filter: $filter, orderBy: $orderBy) {
      totalCount edges { node { id title slug category { id name } } }
    }
  }`, { first: 24, ...variables });
  return { total: searchCourses.totalCount, titles: searchCourses.edges.map(({ node }) => node.title), courses: searchCourses.edges.map(({ node }) => node) };
}

const newest = { orderBy: { field: "PUBLISHED_AT", direction: "DESC" } };

export async function showsCatalogue(v) {
  const found = await search(v, newest);
  assert.equal(await count(v), `${found.total} courses`);
  assert.deepEqual((await titles(v)).slice(0, 24), found.titles);
}

export async function filters(v) {
  const label = option(v, "Category", 0);
  const [name, expected] = [await label.locator(".filter-text").innerText(), await label.locator(".filter-count").innerText()];
  await label.click();
  await v.shows(".results-count", `${expected} course`);
  const categoryIds = new URL(v.page.url()).searchParams.getAll("category");
  assert.equal(categoryIds.length, 1, "the address has no category");
  const found = await search(v, { ...newest, filter: { categoryIds } });
  assert.equal(found.total, Number(expected));
  assert.ok(found.courses.every(({ category }) => category.name === name), "a course of another category");
  assert.deepEqual((await titles(v)).slice(0, 24), found.titles);

  await v.page.getByLabel("Sort by").selectOption({ label: "Title: A to Z" });
  const sorted = await search(v, { orderBy: { field: "TITLE", direction: "ASC" }, filter: { categoryIds } });
  await v.shows("li:first-child > .course-card .course-title", sorted.titles[0]);
  assert.deepEqual((await titles(v)).slice(0, 24), sorted.titles);
  await v.page.reload();
  await v.ready();
  assert.deepEqual((await titles(v)).slice(0, 24), sorted.titles, "the reload has other courses");

  await v.button("Clear all").click();
  await v.shows(".results-count", `${(await search(v, {})).total} courses`);
}

// scrollsAll scrolls to the end of the list. Every course is there once, and few of them at a time.
export async function scrollsAll(v) {
  await v.visit("/");
  const { total } = await search(v, {});
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

export async function suggests(v) {
  const box = v.page.getByRole("combobox", { name: "Search courses" });
  await box.pressSequentially("graph");
  const { suggest } = await v.api(`{ suggest(prefix: "graph", first: 8) { text course { slug } } }`);
  await v.page.getByRole("option").first().waitFor();
  assert.deepEqual(await v.page.locator(".suggestion-text").allInnerTexts(), suggest.map(({ text }) => text));
  const at = suggest.findIndex(({ course }) => course);
  for (let i = 0; i <= at; i++) await v.page.keyboard.press("ArrowDown");
  await v.page.keyboard.press("Enter");
  await v.page.waitForURL(`**/courses/${suggest[at].course.slug}`);
}

export async function searches(v) {
  await v.visit("/");
  await v.page.getByRole("combobox", { name: "Search courses" }).fill("python");
  await v.page.keyboard.press("Enter");
  await v.page.waitForURL("**/search?q=python");
  const found = await search(v, { query: "python" });
  await v.shows(".results-count", `${found.total} course`);
  assert.deepEqual((await titles(v)).slice(0, 24), found.titles);
  await v.visit("/search?q=qwertyuiopasdf");
  await v.page.getByText("No courses found").waitFor();
}

export async function showsCourse(v) {
  const { titles: [, title], courses: [, { slug }] } = await search(v, newest);
  await v.visit("/");
  await v.page.locator(".course-title a", { hasText: title }).first().click();
  await v.page.waitForURL(`**/courses/${slug}`);
  const { course } = await v.api(`query ($slug: String!) { course(slug: $slug) {
    title description rating enrollmentCount instructor { name } videos(first: 0) { totalCount } sections { title } learningOutcomes
  } }`, { slug });
  await v.shows("h1", course.title);
  const text = await v.text("#main");
  for (const part of [course.instructor.name, course.description.slice(0, 60), `${course.enrollmentCount.toLocaleString("en-US")} student`,
    `${course.videos.totalCount} video`, ...course.sections.map((section) => section.title), ...course.learningOutcomes]) {
    assert.ok(text.includes(part), `the page of the course does not have ${part}`);
  }
  const html = await (await fetch(`${v.base}/courses/${slug}`)).text();
  const data = JSON.parse(/<script type="application\/ld\+json">(.*?)<\/script>/s.exec(html)[1]);
  assert.match(JSON.stringify(data), /"@type":"Course"/);
  assert.ok(JSON.stringify(data).includes(JSON.stringify(course.title)), "search engines see another title");
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
