// A front end in Chromium, at another origin than the API's, with the default configuration of Apollo
// Client and of urql: no request is rejected or delayed, no page is stale or blank.
//
// The server has ACCESS_TOKEN_TTL=8s, so that access tokens expire during the test.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { password, send, signUp } from "./accounts.mjs";
import { startBrowsers } from "./browser.mjs";
import { base, url } from "./server.mjs";

const tokenMs = 8_000;

// countDelayed returns how many requests the server has delayed, by its own count.
async function countDelayed() {
  const metrics = await (await fetch(`${base}/metrics`)).text();
  return Number(metrics.match(/^sevenp_rate_limit_delayed_total (\d+)$/m)[1]);
}
const delayedBefore = await countDelayed();

const items = (page) => page.locator("#courses li");
const item = (page, id) => page.locator(`#courses li[data-id="${id}"]`);

async function signIn(page, email) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Ada Student").waitFor();
}

// enroll presses the first button twice and returns the id of the course.
async function enroll(page) {
  const button = page.getByRole("button", { name: "Enroll" }).first();
  const id = await button.getAttribute("data-key");
  await button.dblclick();
  await assertEnrolled(page, [id]);
  return id;
}

async function assertEnrolled(page, ids, text = "enrolled,") {
  for (const id of ids) {
    await item(page, id).getByText(text).waitFor();
    assert.equal(await item(page, id).getByRole("button").count(), 0, "an enrolled course has a button");
  }
}

// check fails for requests that were rejected or delayed, except those with the status of an expected
// rejection, and for what the pages recorded. It returns the requests since the last check.
async function check({ requests, faults }, page, expected) {
  const rejected = requests.filter(({ status, failed }) => failed || (status >= 400 && status !== expected));
  assert.deepEqual(rejected, [], "requests were rejected");
  assert.equal(await countDelayed(), delayedBefore, "the server delayed requests");
  assert.deepEqual(faults, []);
  assert.deepEqual(JSON.parse(await page.evaluate(() => localStorage.getItem("test:problems") ?? "[]")), []);
  assert.equal(await page.getByRole("alert").textContent(), "");
  return requests.splice(0);
}

async function scrollsCatalog({ browser, page, library }) {
  await items(page).nth(9).waitFor();
  const first = await items(page).first().textContent();
  for (const count of [20, 30, 40]) {
    await page.mouse.wheel(0, 20_000);
    await items(page).nth(count - 1).waitFor();
  }
  assert.equal(await items(page).first().textContent(), first, "page one is lost");
  const titles = await items(page).locator("a").allTextContents();
  assert.equal(new Set(titles).size, titles.length, "a course is shown twice");
  const requests = await check(browser, page);
  if (library === "urql") {
    assert.deepEqual([...new Set(requests.map(({ method }) => method))], ["GET"], "an anonymous GET had a preflight");
  }
}

async function searchesWhileTyping({ browser, page }) {
  const search = page.getByLabel("Search");
  await search.pressSequentially("graphql sch", { delay: 20 });
  await page.locator("#suggestions option[value='GraphQL: Schema to Production']").waitFor({ state: "attached" });
  await search.fill("GraphQL: Schema to Production");
  await search.press("Enter");
  await items(page).first().getByText("GraphQL: Schema to Production").waitFor();
  await search.fill("");
  await search.press("Enter");
  await items(page).nth(9).waitFor();
  await check(browser, page);
}

async function enrolls({ browser, page, account, enrolled }) {
  await signIn(page, account.email);
  enrolled.push(await enroll(page));
  const requests = await check(browser, page);
  assert.equal(requests.filter(({ operation }) => operation === "Enroll").length, 1, "a double click enrolled twice");
}

async function reloads({ browser, page, enrolled }) {
  await page.reload();
  await assertEnrolled(page, enrolled);
  await check(browser, page);
}

async function goesBack({ browser, page, restoresPages, enrolled: [id] }) {
  await item(page, id).getByRole("link").click();
  await page.getByRole("button", { name: "Watch" }).first().click();
  await assertEnrolled(page, [id], /enrolled, [1-9]/);
  await page.goBack({ waitUntil: "commit" }); // a restored page does not load
  await assertEnrolled(page, [id], /enrolled, [1-9]/);
  assert.equal(await page.evaluate(() => window.restored), restoresPages);
  await check(browser, page);
}

async function opensSecondTab({ browser, page, library, enrolled }) {
  const second = await browser.openPage(library);
  await assertEnrolled(second, enrolled);
  enrolled.push(await enroll(second));
  await assertEnrolled(page, enrolled);
  await check(browser, second);
  await second.close();
}

// Each of two reloads in quick succession ends a refresh on a slow network: the server has spent the
// refresh token, and the page has not received the next one.
async function reloadsTwice({ browser, page, enrolled }) {
  await page.network.send("Fetch.enable", { patterns: [{ urlPattern: url, requestStage: "Response" }] });
  for (let i = 0; i < 2; i++) {
    const responded = once(page.network, "Fetch.requestPaused"); // and holds the response back
    await page.reload({ waitUntil: "commit" });
    const [{ request, responseStatusCode }] = await responded;
    assert.match(request.postData, /refreshSession/);
    assert.equal(responseStatusCode, 200);
  }
  await page.network.send("Fetch.disable");
  await page.reload();
  await assertEnrolled(page, enrolled);
  await check(browser, page);
}

// The response to a refresh is lost; the page sends the same token again.
async function losesResponse({ browser, page, enrolled }) {
  await page.network.send("Fetch.enable", { patterns: [{ urlPattern: url, requestStage: "Response" }] });
  const responded = once(page.network, "Fetch.requestPaused");
  await page.reload({ waitUntil: "commit" });
  const [{ request, requestId }] = await responded;
  assert.match(request.postData, /refreshSession/);
  await page.network.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" });
  await page.network.send("Fetch.disable");
  await assertEnrolled(page, enrolled);
  const lost = browser.requests.findIndex(({ failed }) => failed === "net::ERR_CONNECTION_RESET");
  assert.notEqual(lost, -1, "no response was lost");
  browser.requests.splice(lost, 1);
  await check(browser, page);
}

async function outlivesToken({ browser, page, enrolled }) {
  await setTimeout(tokenMs);
  enrolled.push(await enroll(page));
  await check(browser, page); // the token was refreshed before it was rejected
  await page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() - 60_000; // a slow clock
  });
  await setTimeout(tokenMs);
  enrolled.push(await enroll(page));
  const requests = await check(browser, page, 401);
  assert.ok(requests.some(({ status }) => status === 401), "the token did not expire");
  await page.reload();
  await assertEnrolled(page, enrolled);
  await check(browser, page);
}

async function signsOut({ browser, page, library, enrolled }) {
  const second = await browser.openPage(library);
  await assertEnrolled(second, enrolled);
  for (const tab of [page, second]) await tab.evaluate(() => { window.signedOut = true; });
  await page.getByRole("button", { name: "Sign out" }).click();
  for (const tab of [page, second]) {
    await tab.getByRole("button", { name: "Sign in" }).waitFor();
    await tab.getByText("enrolled,").first().waitFor({ state: "detached" });
    assert.notEqual(await items(tab).count(), 0);
  }
  await check(browser, page);
}

// run opens the page and runs the steps one after the other; a failed step ends the test.
async function run(t, browser, library, restoresPages, steps) {
  const context = { browser, library, restoresPages, page: await browser.openPage(library), account: await signUp(), enrolled: [] };
  for (const step of steps) {
    let failed = true;
    await t.test(step.name, async () => {
      await step(context);
      failed = false;
    });
    if (failed) return;
  }
}

// fetchInPage sends a GET with parameters from a page and returns the methods of the requests.
async function fetchInPage(browser, page, parameters, headers = {}) {
  const address = `${url}?${new URLSearchParams(parameters)}`;
  const { data } = await page.evaluate(async ([address, headers]) => (await fetch(address, { headers })).json(), [address, headers]);
  assert.equal(data.__typename, "Query");
  return browser.requests.splice(0).map(({ method }) => method);
}

async function needsPreflightForToken(browser) {
  const page = await browser.openPage("empty");
  const { accessToken } = await signUp();
  const query = "{__typename}", sha256Hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
  const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash } });
  await fetchInPage(browser, page, { query, extensions }); // registers the text
  for (const parameters of [{ query }, { extensions }, { documentId: `sha256:${sha256Hash}` }]) {
    assert.deepEqual(await fetchInPage(browser, page, parameters), ["GET"]);
    const methods = await fetchInPage(browser, page, parameters, { authorization: `Bearer ${accessToken}` });
    assert.deepEqual(methods.sort(), ["GET", "OPTIONS"]);
  }
}

// eagerPage sends a GET while it loads, with a token that it has already. On the way back Chromium would
// take the response from its cache, although it is no-cache.
const eagerPage = `<!doctype html><p></p><script>
  const [api, query] = [new URLSearchParams(location.search).get("api"), "{ viewer { preferences { theme } } }"];
  fetch(api + "?query=" + encodeURIComponent(query), { headers: { authorization: "Bearer " + sessionStorage.token } })
    .then((response) => response.text()).then((text) => { document.querySelector("p").textContent = text; });
</script>`;

async function revalidatesOnTheWayBack(browser) {
  const page = await browser.openPage("empty");
  const { email } = await signUp();
  const env = { ...process.env, DEMO: "true", ACCESS_TOKEN_TTL: "1h" }; // on a slow machine the pages take longer than the server's
  const accessToken = (await promisify(execFile)("7p", ["token", "--email", email], { env })).stdout.trim();
  await page.evaluate((token) => { sessionStorage.token = token; }, accessToken);
  await page.goto(page.url().replace("empty", "eager"));
  await page.getByText('"theme":').waitFor();
  const revalidated = new Promise((resolve) => {
    page.network.on("Network.responseReceivedExtraInfo", ({ statusCode }) => statusCode === 304 && resolve());
  });
  await page.reload();
  await revalidated;
  await page.goto(page.url().replace("eager", "empty"));
  await send('mutation { updatePreferences(input: { theme: "dark" }) { userErrors { code } } }', {}, accessToken);
  await page.goBack();
  await page.getByText('"theme":"dark"').waitFor();
}

test("front end", { concurrency: true, timeout: 300_000 }, async (t) => {
  const { openReloading, openRestoring } = await startBrowsers(t, { "/empty/": "<!doctype html>", "/eager/": eagerPage });
  const libraries = ["apollo", "urql"].map((library) => t.test(library, async (t) => {
    await run(t, await openReloading(), library, false, [scrollsCatalog, searchesWhileTyping, enrolls, reloads, goesBack,
      opensSecondTab, reloadsTwice, losesResponse, outlivesToken, signsOut]);
    await run(t, await openRestoring(), library, true, [enrolls, goesBack]);
  }));
  await Promise.all([
    ...libraries,
    t.test("a GET by text, hash or id needs a preflight with a token only", async () => needsPreflightForToken(await openReloading())),
    t.test("the back button revalidates a GET with the same token", async () => revalidatesOnTheWayBack(await openReloading())),
  ]);
});
