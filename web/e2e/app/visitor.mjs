// A visitor of the front end: a page in a browser context of its own, and the API with the same account.
import assert from "node:assert/strict";
import { Session } from "../browser.mjs";

const password = "correct horse battery";
const portraits = "https://images.7p.example"; // the demo's portraits are on a host that does not exist

export class Visitor extends Session {
  static start = "/";
  static pictures = [portraits];

  static async create(browser, base, options = {}) {
    // The addresses of the demo's pictures and videos begin with localhost.
    const visitor = await super.create(browser, base.replace("//127.0.0.1", "//localhost"), options);
    if (options.role) await visitor.signIn(options.role);
    return visitor;
  }

  async collectProblems() {
    super.collectProblems();
    await this.context.route(`${portraits}/**`, (route) => route.fulfill({ contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg'/>" }));
  }

  // ready waits until the app has replaced what the server has drawn, and has its data.
  async ready() {
    await this.page.waitForFunction(() => {
      const main = document.querySelector("#main");
      return main?.hasAttribute("tabindex") && !main.querySelector("[role=status][aria-label], [aria-busy=true]:not(video)");
    });
  }

  // signIn signs in as an account of the demo, without the form.
  async signIn(role) {
    const response = await this.context.request.post(`${this.base}/session`, { data: { email: `${role}@7p.example`, password } });
    assert.equal(response.status(), 200, await response.text());
    await this.authorize(role);
  }

  // authorize gives the API beside the page an account of the demo, in a session of its own.
  async authorize(role) {
    this.token = "";
    const { signIn } = await this.api("mutation ($input: SignInInput!) { signIn(input: $input) { accessToken } }", { input: { email: `${role}@7p.example`, password } });
    this.token = signIn.accessToken;
  }

  // api runs an operation beside the page, with the account of the visitor.
  async api(query, variables = {}) {
    const response = await fetch(`${this.base}/graphql`, {
      method: "POST", body: JSON.stringify({ query, variables }),
      headers: { "content-type": "application/json", ...(this.token && { authorization: `Bearer ${this.token}` }) },
    });
    const { data, errors } = await response.json();
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  }

  // text returns the text of the first element of a selector.
  text(selector) {
    return this.page.locator(selector).first().innerText();
  }

  // shows waits until an element has a text.
  shows(selector, text) {
    return this.page.locator(selector).filter({ hasText: text }).first().waitFor();
  }

  // figure returns the number with a name on a dashboard.
  figure(name) {
    return this.page.locator(".figure", { has: this.page.getByText(name, { exact: true }) }).locator("dd").evaluate((dd) => dd.firstChild.textContent);
  }

  // expectProblems removes the console messages that a step provokes, and fails if there are others.
  expectProblems(pattern) {
    const found = this.problems.splice(0);
    assert.ok(found.length > 0, `no message like ${pattern}`);
    for (const problem of found) assert.match(problem, pattern);
  }
}
