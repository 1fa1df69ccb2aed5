import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { url } from "./server.mjs";

export const password = "correct horse battery staple";

// send runs an operation and returns its data. The tests sign in more accounts at once than a busy server accepts, so
// send tries again, a few times, after what the server names in Retry-After.
export async function send(query, variables, accessToken, tries = 5) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(accessToken && { authorization: `Bearer ${accessToken}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors?.[0].extensions?.code === "SERVICE_UNAVAILABLE" && tries > 1) {
    await setTimeout(1_000 * (Number(response.headers.get("retry-after")) || 1));
    return send(query, variables, accessToken, tries - 1);
  }
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

// signUp creates an account without enrollments. It returns the email and the tokens.
export async function signUp() {
  const email = `app-${crypto.randomUUID()}@7p.example`;
  const { signUp: { userErrors, ...tokens } } = await send(
    "mutation($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken userErrors { message } } }",
    { input: { name: "Ada Student", email, password } },
  );
  assert.deepEqual(userErrors, []);
  return { email, ...tokens };
}
