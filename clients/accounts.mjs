import assert from "node:assert/strict";
import { url } from "./server.mjs";

export const password = "correct horse battery staple";

// send runs an operation and returns its data.
export async function send(query, variables, accessToken) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(accessToken && { authorization: `Bearer ${accessToken}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
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
