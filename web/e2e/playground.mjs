// Drives the playground of a running server in Chromium, as a user would:
//
//   TOKEN=$(7p token --email student@7p.example) node playground.mjs BASE_URL [SCREENSHOT_DIR]
//
// The server has the demo data. CHROMIUM is the path of the browser, /usr/bin/chromium by default.
// Prints a line for each step. Exit code 0: all steps passed; 1: one failed; 2: invalid usage.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, shots] = process.argv.slice(2);
const token = process.env.TOKEN;
if (!base || !token) {
  console.error("usage: TOKEN=… node playground.mjs BASE_URL [SCREENSHOT_DIR]");
  process.exit(2);
}
const origin = new URL(base).origin;

// Checks of the result of each example, in the order of the tabs.
const examples = {
  Catalog: (data) => assert.ok(data.courses.nodes.length > 0, "no courses"),
  CoursePage: (data) => assert.ok(data.course?.title, "no course of that slug"),
  Search: (data) => assert.ok(data.searchCourses.edges.length > 0, "nothing found"),
  MyDashboard: (data) => assert.match(data.viewer.email, /@/),
  BrowseTree: (data) => assert.ok(data.categories.length > 0, "no categories"),
  SignIn: (data) => assert.ok(data.signIn.accessToken, "not signed in"),
  Enroll: (data) => assert.ok(data.enroll.enrollment?.course.viewerEnrollment.id, "not enrolled"),
  RecordProgress: (data) => assert.equal(data.recordVideoProgress.recordedCount, 2),
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.setDefaultTimeout(15_000);

// The browser logs a blocked resource, a failed request and a policy violation as errors.
const problems = [];
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(error.message));
page.on("request", (request) => {
  const url = new URL(request.url());
  if (url.protocol !== "data:" && url.origin !== origin) problems.push(`request to ${url.origin}`);
});

async function step(name, run) {
  await run();
  assert.deepEqual(problems, [], "the browser reported problems");
  console.log(`ok    ${name}`);
}

async function screenshot(name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

const tabs = page.getByRole("tab");
const docs = page.locator(".graphiql-doc-explorer");

async function open(name) {
  await tabs.filter({ hasText: name }).click();
  // GraphiQL detects the operation of a tab 100 ms after it is opened.
  await page.waitForFunction((operation) =>
    document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === operation, name);
}

// Runs the operation of the open tab, which has this name, and returns the response that GraphiQL shows.
async function run(name) {
  const responded = page.waitForResponse((r) =>
    r.url().endsWith("/graphql") && r.request().postDataJSON().operationName === name);
  await page.getByRole("button", { name: "Execute query" }).click();
  const response = await responded;
  const want = JSON.stringify(await response.json());
  await page.waitForFunction((text) => {
    const shown = document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
    return shown !== "" && JSON.stringify(JSON.parse(shown)) === text;
  }, want);
  const { data, errors, extensions } = JSON.parse(want);
  assert.equal(errors, undefined, `${name} returned errors: ${JSON.stringify(errors)}`);
  const { requestedQueryCost, actualQueryCost } = extensions.cost;
  assert.ok(0 < actualQueryCost && actualQueryCost <= requestedQueryCost, `${name} cost ${actualQueryCost} of ${requestedQueryCost}`);
  return { data, request: response.request() };
}

async function opensWithExamples() {
  await page.goto(`${base}/playground`);
  await tabs.first().waitFor();
  assert.deepEqual(await tabs.allInnerTexts(), Object.keys(examples));
  assert.equal(await tabs.first().getAttribute("aria-selected"), "true", "the first tab is not open");
  await page.locator(".graphiql-editor-tool").getByText('"orderBy"').waitFor();
}

async function opensDocs() {
  await page.getByRole("button", { name: "Docs", exact: true }).click();
  await docs.getByText("Query", { exact: true }).click();
  await docs.getByText("searchCourses", { exact: true }).waitFor();
  await screenshot("docs");
  await page.getByRole("button", { name: "Docs", exact: true }).click();
  await docs.waitFor({ state: "hidden" });
}

async function sendsToken() {
  await page.getByLabel("Bearer token").fill(`Bearer ${token}`);
  await open("MyDashboard");
  const { data, request } = await run("MyDashboard");
  assert.ok(data.viewer, "the token was not sent: the viewer is anonymous");
  examples.MyDashboard(data);
  assert.equal(await request.headerValue("authorization"), `Bearer ${token}`);
  await page.locator(".result-window").getByText(data.viewer.email).waitFor();

  const stored = await page.evaluate(() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]);
  assert.ok(!stored[0].includes(token), "the token is in localStorage");
  assert.ok(stored[1].includes(token), "the token is not in sessionStorage");
}

// Sends a query without the editor, with the page's token.
const send = (query) => page.evaluate(async (text) => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${sessionStorage.getItem("7p:token")}` };
  return (await (await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query: text }) })).json()).data;
}, query);

// The variables that depend on the data, with the ids that a user would enter.
const variables = {
  async Enroll() {
    const { courses } = await send("{ courses(first: 100) { nodes { id viewerEnrollment { id } } } }");
    return { courseId: courses.nodes.find((course) => !course.viewerEnrollment).id };
  },
  async RecordProgress() {
    const { viewer } = await send("{ viewer { enrollments(first: 1) { nodes { course { videos(first: 2) { nodes { id } } } } } } }");
    const [course] = viewer.enrollments.nodes.map((enrollment) => enrollment.course);
    return { events: course.videos.nodes.map((video) => ({ videoId: video.id, progressSeconds: 5 })) };
  },
};

async function runsEveryExample() {
  for (const [name, check] of Object.entries(examples)) {
    await open(name);
    if (variables[name]) {
      const text = JSON.stringify(await variables[name]());
      await page.evaluate((value) => document.querySelector(".graphiql-editor-tool .CodeMirror").CodeMirror.setValue(value), text);
    }
    check((await run(name)).data);
  }
}

// The page stores the token of a sign-in as its own.
async function signsIn() {
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await open("SignIn");
  const { data } = await run("SignIn");
  assert.equal(await page.getByLabel("Bearer token").inputValue(), data.signIn.accessToken);
  await open("MyDashboard");
  const dashboard = await run("MyDashboard");
  assert.equal(dashboard.data.viewer.email, data.signIn.user.email);
}

// Both dialogs need an exception in the page's policy, which only opening them tests.
async function opensDialogs() {
  await page.getByRole("button", { name: "Open settings dialog" }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.locator(".graphiql-query-editor .CodeMirror").click();
  await page.keyboard.press("Alt+g");
  await page.locator(".CodeMirror-search-field").waitFor();
  await page.keyboard.press("Escape");
}

async function switchesTheme() {
  const color = (selector) => page.$eval(selector, (e) => getComputedStyle(e).backgroundColor);
  const colors = async () => [await color(".bar"), await color(".graphiql-container")];
  const seen = {};
  await tabs.first().click();
  for (const theme of ["dark", "light"]) {
    await page.getByTitle(`${theme} theme`).click();
    await page.locator(`body.graphiql-${theme}`).waitFor();
    seen[theme] = await colors();
    await screenshot(theme);
  }
  assert.notEqual(seen.dark[0], seen.light[0], "the bar has the same color in both themes");
  assert.notEqual(seen.dark[1], seen.light[1], "GraphiQL has the same color in both themes");

  await page.getByTitle("Theme of the system").click();
  await page.locator("body:not(.graphiql-light)").waitFor();
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await colors(), seen[colorScheme], `the system's ${colorScheme} theme is not followed`);
  }
}

async function restoresStateOnReload() {
  const before = await page.getByLabel("Bearer token").inputValue();
  await page.reload();
  await tabs.first().waitFor();
  assert.equal(await page.getByLabel("Bearer token").inputValue(), before);
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await open("Catalog");
  const { request } = await run("Catalog");
  assert.equal(await request.headerValue("authorization"), null, "a cleared token is still sent");
}

async function showsFrontPage() {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${base}/`);
    await screenshot(`home-${colorScheme}`);
  }
  await page.getByRole("link", { name: "Playground" }).click();
  await tabs.first().waitFor();
}

try {
  await step("opens with the example operations in tabs", opensWithExamples);
  await step("runs the first example", async () => examples.Catalog((await run("Catalog")).data));
  await step("shows the schema's documentation", opensDocs);
  await step("sends the token and shows the viewer's email", sendsToken);
  await step("runs every example", runsEveryExample);
  await step("is signed in after SignIn", signsIn);
  await step("opens its dialogs under the policy", opensDialogs);
  await step("switches and follows the theme", switchesTheme);
  await step("restores and clears the token", restoresStateOnReload);
  await step("links from the front page", showsFrontPage);
} catch (error) {
  console.error(`FAIL  ${error.message}`);
  for (const problem of problems) console.error(`      browser: ${problem}`);
  await screenshot("failed");
  process.exitCode = 1;
} finally {
  await browser.close();
}
