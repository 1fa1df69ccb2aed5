// The pages of app/account.mjs, with the mails that the server writes into a folder.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { password, send, signUp } from "./accounts.mjs";
import { createAccountPages } from "./app/account.mjs";
import { url } from "./server.mjs";

const folder = join(process.env.EMBEDDED_POSTGRES_DIR, "mails");
const pages = createAccountPages(url);
const signIn = (email, password) => send("mutation($input: SignInInput!) { signIn(input: $input) { accessToken userErrors { code } } }", { input: { email, password } });

// readLink waits for the mail to an email with a subject, and returns the link in it.
async function readLink(email, subject) {
  for (let attempt = 0; attempt < 600; attempt++) {
    for (const name of await readdir(folder).catch(() => [])) {
      const mail = (await readFile(join(folder, name), "utf8")).replaceAll("=\r\n", "").replaceAll("=3D", "=");
      const link = mail.match(/^http\S+/m)?.[0];
      if (link && mail.includes(email) && mail.includes(`Subject: ${subject}`)) return new URL(link);
    }
    await setTimeout(100);
  }
  assert.fail(`no mail to ${email}: ${subject}`);
}

// open shows a page at an address, with the parts of a browser that its script uses.
function open(t, address) {
  globalThis.location = address;
  globalThis.history = { replaceState: (_state, _title, path) => { globalThis.location = new URL(path, address); } };
  t.after(() => { delete globalThis.location; delete globalThis.history; });
}

test("a forgotten password", async (t) => {
  const { email } = await signUp();
  assert.deepEqual(await pages.requestPasswordReset(email), { requested: true, userErrors: [] });
  const link = await readLink(email, "Set a new password");
  assert.equal(link.pathname, "/reset-password");
  assert.equal(link.search, "");
  open(t, link);
  const token = pages.takeToken();
  assert.equal(globalThis.location.hash, "");
  const weak = await pages.resetPassword(token, "short");
  assert.deepEqual([weak.passwordReset, weak.userErrors[0].code], [false, "WEAK_PASSWORD"]);
  const next = "another tall ship";
  assert.deepEqual(await pages.resetPassword(token, next), { passwordReset: true, userErrors: [] });
  assert.equal((await pages.resetPassword(token, next)).userErrors[0].code, "INVALID_CREDENTIALS");
  assert.deepEqual((await signIn(email, password)).signIn.userErrors, [{ code: "INVALID_CREDENTIALS" }]);
  assert.ok((await signIn(email, next)).signIn.accessToken);
});

test("an email to verify", async (t) => {
  const { email, accessToken } = await signUp();
  const { requestEmailVerification } = await send("mutation { requestEmailVerification { requested } }", {}, accessToken);
  assert.deepEqual(requestEmailVerification, { requested: true });
  const link = await readLink(email, "Confirm your email address");
  assert.equal(link.pathname, "/verify-email");
  open(t, link);
  assert.deepEqual(await pages.verifyEmail(pages.takeToken()), { email, userErrors: [] });
  const { viewer } = await send("{ viewer { emailVerifiedAt } }", {}, accessToken);
  assert.match(viewer.emailVerifiedAt, /^20/);
});
