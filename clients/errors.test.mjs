// The code of an error, as clients receive it: the status does not matter to them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { hasCode } from "./app/errors.mjs";
import { url } from "./server.mjs";

const libraries = {
  async apollo(query) {
    const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }) });
    return client.query({ query: gql(query), errorPolicy: "all" });
  },
  async urql(query) {
    return new Client({ url, exchanges: [fetchExchange] }).query(query, {}).toPromise();
  },
  async fetch(query) {
    const response = await fetch(url, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }),
    });
    const result = await response.json();
    return { data: result.data, error: result };
  },
};

for (const [name, send] of Object.entries(libraries)) {
  test(`${name}: a rejected request has a code and no data`, async () => {
    const { data, error } = await send("{ courses(first: 1000) { totalCount } }");
    assert.ok(!data?.courses);
    assert.ok(hasCode(error, "BAD_USER_INPUT"));
    assert.ok(!hasCode(error, "UNAUTHENTICATED"));
  });
  test(`${name}: a field has a code beside the data of the others`, async () => {
    const { data, error } = await send("{ categories { name } instructorDashboard { coursesCount } }");
    assert.ok(data.categories.length > 0);
    assert.equal(data.instructorDashboard, null);
    assert.ok(hasCode(error, "UNAUTHENTICATED"));
  });
  test(`${name}: no error has no code`, async () => {
    const { error } = await send("{ categories { name } }");
    assert.ok(!hasCode(error, "BAD_USER_INPUT"));
  });
}
