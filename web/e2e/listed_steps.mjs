// Steps on a server that runs listed documents only, whose access tokens live for a few seconds.
import assert from "node:assert/strict";

export async function runsDocuments(s) {
  await s.page.locator(".collections").getByText("This server runs only these documents.").waitFor();
  await s.openExample("Catalog");
  await s.write((await s.operation()).query, { first: 2 });
  const { data, sent } = await s.run();
  assert.equal(data.courses.nodes.length, 2);
  assert.match(sent.documentId, /^sha256:[0-9a-f]{64}$/);
  assert.equal(sent.query, undefined, "the text was sent");

  await s.write("query Unlisted { courses { totalCount } }");
  const { errors } = await s.run();
  assert.equal(errors[0].extensions.code, "PERSISTED_QUERY_ID_REQUIRED");
  s.problems.length = 0; // the browser reports the status, too
  assert.ok(await s.page.evaluate(() => !!document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.options.lint.schema), "no schema without introspection");
}

export async function refreshesByItself(s) {
  const refreshed = () => s.page.waitForResponse((r) => r.request().method() === "POST" && r.request().postDataJSON().variables?.refreshToken);
  let next = refreshed();
  await s.button("student").click();
  for (const round of [1, 2]) {
    const { data, errors } = await (await next).json();
    assert.ok(data?.refreshSession.accessToken, `refresh ${round}: ${JSON.stringify(errors ?? data)}`);
    next = refreshed();
  }
  await s.openExample("Catalog");
  const { request } = await s.run();
  assert.match(await request.headerValue("authorization"), /^Bearer /);
  assert.match(await s.page.locator("#identity").innerText(), /Sofía Lindqvist/);
  next.catch(() => {});
}
