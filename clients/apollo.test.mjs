// Apollo Client with createPersistedQueryLink: the first time a hash alone, then hash and text, from
// then on the hash alone.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { recording, unique } from "./recording.mjs";
import { url } from "./server.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function client(useGETForHashedQueries, network) {
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      new PersistedQueryLink({ sha256, useGETForHashedQueries }),
      new HttpLink({ uri: url, fetch: network.fetch }),
    ]),
    defaultOptions: { query: { fetchPolicy: "network-only" } },
  });
}

for (const method of ["POST", "GET"]) {
  test(`persisted queries by ${method}`, async () => {
    const network = recording();
    const query = gql`query ${unique()}($first: Int) { courses(first: $first) { totalCount nodes { id title } } }`;
    const ask = () => client(method === "GET", network).query({ query, variables: { first: 2 } });
    const first = await ask();
    assert.equal(first.data.courses.nodes.length, 2);
    // Apollo sends the text by POST, as it may be long.
    assert.deepEqual(network.lines(), [`${method} 200 PERSISTED_QUERY_NOT_FOUND`, "POST 200"]);
    assert.deepEqual((await ask()).data, first.data);
    assert.equal(network.seen[0].sent.query, undefined);
    assert.deepEqual(network.lines(), [`${method} 200`]);
  });
}

test("an error of the schema reaches the caller with its code", async () => {
  const network = recording();
  const query = gql`query { course(id: "x") { id } }`;
  const { error } = await client(false, network).query({ query, errorPolicy: "all" });
  assert.equal(error.errors[0].extensions.code, "BAD_USER_INPUT");
});

test("a batch is answered in its order, whatever becomes of one", async () => {
  const network = recording();
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new BatchHttpLink({ uri: url, fetch: network.fetch }) });
  const ask = (text) => apollo.query({ query: gql(text), errorPolicy: "all", fetchPolicy: "network-only" });
  const [courses, refused, categories] = await Promise.all([
    ask("{ courses(first: 1) { nodes { id } } }"), ask("{ courses(first: 1000) { nodes { id } } }"), ask("{ categories { id name } }"),
  ]);
  assert.equal(courses.data.courses.nodes.length, 1);
  assert.equal(refused.error.errors[0].extensions.code, "BAD_USER_INPUT");
  assert.ok(categories.data.categories.length > 0);
  assert.deepEqual(network.lines(), ["POST 200"], "not one request");
});
