// The browser of the test: the page, what goes wrong in it, and what a user does in it.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { chromium } from "playwright-core";

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

// Session is a page of a server, in a browser context of its own.
export class Session {
  static start = "/playground";
  static pictures = []; // origins of pictures beside the server

  // open opens the first page of a server.
  static async open(browser, base, options) {
    const session = await this.create(browser, base, options);
    await session.visit(this.start);
    return session;
  }

  // create returns a session without a page of the server. Screenshots go to a folder, if there is one.
  static async create(browser, base, { viewport = desktop, shots = "" } = {}) {
    const context = await browser.newContext({ viewport, bypassCSP: false });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(base).origin });
    const session = new this();
    Object.assign(session, { base, context, shots, problems: [], page: await context.newPage() });
    session.page.setDefaultTimeout(15_000);
    await session.collectProblems();
    return session;
  }

  // The browser logs a blocked resource, a failed request and a policy violation as errors.
  collectProblems() {
    const { page, problems } = this;
    const origins = [new URL(this.base).origin, ...this.constructor.pictures];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && !origins.includes(url.origin)) problems.push(`request to ${url.origin}`);
    });
  }

  async visit(path) {
    await this.page.goto(this.base + path);
    await this.ready();
  }

  async ready() {
    await this.page.locator(".graphiql-query-editor .CodeMirror").waitFor();
    await this.page.locator(".graphiql-editor-tool .CodeMirror").first().waitFor();
    await this.page.locator(".result-window .CodeMirror").waitFor();
  }

  button(name, exact = true) {
    return this.page.getByRole("button", { name, exact });
  }

  tabs() {
    return this.page.locator(".graphiql-tab-button");
  }

  // operation returns the query and the variables of the open tab.
  operation() {
    return this.page.evaluate(() => ({
      query: document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.getValue(),
      variables: document.querySelector(".graphiql-editor-tool .CodeMirror").CodeMirror.getValue(),
    }));
  }

  // write replaces the operation of the open tab.
  async write(query, variables = {}) {
    await this.page.evaluate(([text, values]) => {
      document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.setValue(text);
      document.querySelector(".graphiql-editor-tool .CodeMirror").CodeMirror.setValue(values);
    }, [query, JSON.stringify(variables, null, 2)]);
    await this.detected(/(?:query|mutation) (\w+)/.exec(query)?.[1] ?? null);
  }

  // detected waits until GraphiQL has detected the operation, 100 ms after it was written.
  async detected(name) {
    await this.page.waitForFunction((operation) =>
      document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === operation, name);
  }

  // openExample opens an operation of the list.
  async openExample(name) {
    await this.page.locator(".collections button", { has: this.page.getByText(name, { exact: true }) }).click();
    await this.detected(name);
  }

  // run sends the operation of the open tab by a button, and returns the request and the response.
  async run(button = "Execute query") {
    // The page's own requests have no operationName.
    const responded = this.page.waitForResponse((r) => r.request().method() === "POST" && r.request().postDataJSON().operationName);
    await this.button(button, false).click();
    const response = await responded;
    const body = await response.json();
    await this.page.waitForFunction((text) => {
      const shown = document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
      return shown !== "" && JSON.stringify(JSON.parse(shown)) === text;
    }, JSON.stringify(body));
    return { ...body, request: response.request(), sent: response.request().postDataJSON() };
  }

  // panel returns the texts of the panel: its figures by name, what it says about the cache, and its costs.
  async panel() {
    const figures = await this.page.locator(".figures > div").evaluateAll((all) =>
      Object.fromEntries(all.map((figure) => [figure.children[0].textContent, figure.children[1].textContent])));
    const costs = this.page.locator(".costs");
    return { figures, cache: await this.page.locator("p.cache-text").innerText(), costs: await costs.isVisible() ? await costs.innerText() : "" };
  }

  // stored returns the contents of localStorage and sessionStorage.
  stored() {
    return this.page.evaluate(() => ({ local: JSON.stringify(localStorage), session: JSON.stringify(sessionStorage) }));
  }

  // checkAccessibility asserts that axe-core finds no serious or critical violation.
  async checkAccessibility(state) {
    const violations = await this.page.evaluate(`(() => {
      if (!globalThis.axe) { ${axe.source} }
      return axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => id + ": " + nodes.map((node) => node.html.slice(0, 120)).join(", ")));
    })()`);
    assert.deepEqual(violations, [], `violations with ${state}`);
  }

  async screenshot(name, options = {}) {
    if (!this.shots) return;
    mkdirSync(this.shots, { recursive: true });
    await this.page.mouse.move(0, 0);
    await this.page.screenshot({ path: join(this.shots, `${name}.png`), ...options });
  }

  // step runs a step and prints its name.
  async step(name, action) {
    const start = performance.now();
    await action(this);
    assert.deepEqual(this.problems, [], "the browser reported problems");
    console.log(`ok    ${((performance.now() - start) / 1000).toFixed(1).padStart(4)} s  ${name}`);
  }
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
