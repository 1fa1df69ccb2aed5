// Steps about operations: examples, the panel, costs, documentation, the explorer and links.
import assert from "node:assert/strict";

export const examples = ["Catalog", "Search", "Suggestions", "CoursePage", "BrowseTree", "Instructor", "MyDashboard", "MyCertificates",
  "Wishlist", "Enroll", "RecordProgress", "ReviewCourse", "InstructorDashboard", "CreateCourse", "PlatformDashboard"];

export async function opensWithExamples(s) {
  assert.deepEqual(await s.tabs().allInnerTexts(), ["Catalog"]);
  await s.page.locator(".collections").waitFor();
  assert.deepEqual(await s.page.locator(".operation-name").allInnerTexts(), examples);
  assert.equal(await s.page.locator(".collections h2").count(), 4, "collections");
}

export async function showsMissAndHit(s) {
  const first = 11 + Math.floor(Math.random() * 89); // a page that is not cached yet
  await s.write("query Titles($first: Int!) { courses(first: $first) { nodes { title category { name } } } }", { first });
  await s.run();
  const miss = await s.panel();
  assert.equal(miss.figures.Status, "200 OK");
  assert.match(miss.figures.Time, /^\d+(\.\d)? ms$/);
  assert.match(miss.figures.Size, /^\d+(\.\d)? (k?)B( \(.* sent\))?$/);
  assert.match(miss.figures.SQL, /^[1-9]\d* statements? in [12] round trips?$/);
  assert.equal(miss.figures.Cache, "miss");
  assert.match(miss.cache, /^Computed now, and stored for the next request\. Public: CDNs may store it for \d+ s\.$/);
  assert.equal(miss.costs, "", "costs that were not requested");

  await s.run();
  const hit = await s.panel();
  assert.equal(hit.figures.Cache, "hit");
  assert.equal(hit.figures.SQL, "0 statements in 0 round trips");
  assert.match(hit.cache, /^From the cache, valid for \d+ s more\. Public: /);

  await s.write("query Broken { nothing }");
  await s.run();
  s.problems.length = 0; // the browser reports the status, too
  const rejected = await s.panel();
  assert.match(rejected.figures.Status, /^422/);
  assert.match(rejected.cache, /^(Computed now, and not stored|The cache was not searched): it was rejected before it ran\.$/);
}

export async function drawsPlan(s) {
  await s.write("query Teachers { courses(first: 7) { nodes { title instructor { name } } } }");
  const { data, extensions } = await s.run("Plan");
  assert.equal(data.courses.nodes.length, 7, "the operation was not executed");
  assert.equal(extensions.explain.rounds, 2);
  const region = s.page.getByRole("region", { name: "Plan" });
  const text = await region.innerText();
  assert.match(text, /^2 rounds, 2 round trips, \d statements\. Cost \d+, actual \d+\./);
  assert.match(text, /Cache: (miss|hit), shared by all for 60 s, maximum age by Query\.courses/);
  assert.match(text, /instructor waits for round trip 2/);
  assert.match(text, /User \d keys for Course\.instructor/);
  await region.locator("summary").first().click();
  assert.match(await region.locator("pre").first().innerText(), /^-- name: /);
  await s.screenshot("plan");
  await s.run();
  assert.equal(await region.isHidden(), true, "the plan of an earlier response");
}

export async function showsCosts(s) {
  await s.write("query Costs($first: Int!) { courses(first: $first) { nodes { title category { name } } } }", { first: 100 });
  const dry = await s.run("Dry run");
  assert.equal(dry.data, null, "a dry run was executed");
  let { cache, costs, figures } = await s.panel();
  assert.equal(cache, "Dry run: nothing was executed.");
  assert.equal(figures.SQL, "0 statements in 0 round trips");
  assert.match(costs, /Cost: Estimate 251 of 50,000, up to \d+ fields, depth 4, about \d SQL statements/);
  assert.match(costs, /courses\.nodes\.category\s+100\s+–/);

  await s.page.getByLabel("Measure cost").check();
  await s.write("query Costs { courses(first: 100, filter: { tags: [\"graphql\"] }) { nodes { title category { name } } } }");
  const { extensions } = await s.run();
  ({ cache, costs } = await s.panel());
  assert.equal(cache, "The cache was not searched: its cost was requested.");
  const { requestedQueryCost: requested, actualQueryCost: actual } = extensions.cost;
  assert.ok(actual < requested, `cost ${actual} of ${requested}`);
  assert.match(costs, new RegExp(`Cost: Estimate ${requested} of 50,000, actual ${actual}`));
  assert.match(costs, new RegExp(`courses\\.nodes\\.category\\s+100\\s+${(actual - 51) / 2}`));
  await s.page.getByLabel("Measure cost").uncheck();
}

export async function opensDocs(s) {
  const docs = s.page.locator(".graphiql-doc-explorer");
  await s.button("Docs").click();
  await s.page.getByRole("region", { name: "Documentation Explorer" }).waitFor();
  await docs.getByText("Query", { exact: true }).click();
  await docs.getByText("searchCourses", { exact: true }).waitFor();
  await s.screenshot("docs");
  await s.button("Docs").click();
  await docs.waitFor({ state: "hidden" });
}

export async function selectsFields(s) {
  await s.write("query Fields { courses { nodes { id } } }");
  await s.button("Show GraphiQL Explorer").click();
  const slug = s.page.getByRole("checkbox", { name: "slug" }).first();
  await slug.focus();
  await s.page.keyboard.press("Space");
  await s.page.waitForFunction(() => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.getValue().includes("slug"));
  assert.equal(await slug.getAttribute("aria-checked"), "true");
  await slug.click();
  await s.page.waitForFunction(() => !document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.getValue().includes("slug"));
  await s.screenshot("explorer");
  await s.button("Show Examples").click();
}

export async function opensLink(s) {
  const query = "query Linked($q: String!) {\n  searchCourses(query: $q, first: 1) { totalCount } # ü & + %\n}";
  await s.write(query, { q: "50 % & more #1" });
  const before = await s.operation();
  await s.button("Copy link").click();
  await s.page.getByText("Link copied").waitFor();
  const link = await s.page.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(`${s.base}/playground#query=`), link);

  const other = await s.context.browser().newContext();
  const page = await other.newPage();
  await page.goto(link);
  await page.locator(".graphiql-editor-tool .CodeMirror").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === "Linked");
  assert.deepEqual(await s.operation.call({ page }), before);
  await other.close();

  await s.write("mutation Secret { signIn(input: { email: \"a@b.example\", password: \"hunter2\" }) { accessToken } }");
  await s.button("Copy link").click();
  await s.page.getByText("No link: the operation mentions a password or a token.").waitFor();
  assert.ok(!(await s.page.evaluate(() => location.href)).includes("hunter2"), "a password is in the address");
}
