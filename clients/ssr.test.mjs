// The site of app/ssr.mjs, as a browser calls it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { password, signUp } from "./accounts.mjs";
import { createSite } from "./app/ssr.mjs";
import { url } from "./server.mjs";

test("a session with server-side rendering", async (t) => {
  const site = createSite(url);
  t.after(() => site.close());
  await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${site.address().port}/`;

  // visit loads the page with cookies and returns its text and the cookies that it sets.
  async function visit(cookies, init = {}) {
    const response = await fetch(address, { redirect: "manual", headers: { cookie: cookies }, ...init });
    return { text: await response.text(), status: response.status, set: response.headers.getSetCookie() };
  }
  const values = (set) => set.map((line) => line.split(";")[0]);

  const { email } = await signUp();
  const signedIn = await visit("", { method: "POST", body: new URLSearchParams({ email, password }) });
  assert.equal(signedIn.status, 303);
  for (const line of signedIn.set) assert.match(line, /HttpOnly; Secure; SameSite=Lax/);
  const [access, refresh] = values(signedIn.set);

  assert.deepEqual(await visit(`${access}; ${refresh}`), { text: "Hello, Ada Student", status: 200, set: [] });

  await t.test("two pages that refresh at the same time receive the same session", async () => {
    const pages = await Promise.all([visit(refresh), visit(`access=expired; ${refresh}`)]);
    for (const { text } of pages) assert.equal(text, "Hello, Ada Student");
    const [next, same] = pages.map(({ set }) => values(set)[1]);
    assert.equal(next, same);
    assert.notEqual(next, refresh);
  });

  await t.test("visitors, and sessions that have ended", async () => {
    assert.deepEqual(await visit(""), { text: "Hello, visitor", status: 200, set: [] });
    const { text, set } = await visit("refresh=ended");
    assert.equal(text, "Hello, visitor");
    assert.deepEqual(values(set), ["access=", "refresh="]);
    const wrong = await visit("", { method: "POST", body: new URLSearchParams({ email, password: "wrong" }) });
    assert.deepEqual([wrong.status, wrong.set], [303, []]);
  });
});
