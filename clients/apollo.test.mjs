// Apollo Client with PersistedQueryLink: it sends the hash alone, then hash and text, and from then on
// the hash alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { signUp } from "./accounts.mjs";
import { createLink } from "./app/apollo-persisted.mjs";
import { recording, unique } from "./recording.mjs";
import { url } from "./server.mjs";

function client(useGETForHashedQueries, network) {
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: createLink(url, { useGETForHashedQueries, fetch: network.fetch }),
    defaultOptions: { query: { fetchPolicy: "network-only" } },
  });
}

for (const method of ["POST", "GET"]) {
  test(`persisted queries by ${method}`, async () => {
    const network = recording();
    const query = gql`query ${unique()}($first: Int) { courses(first: $first) { totalCount nodes { id title } } }`;
    const send = () => client(method === "GET", network).query({ query, variables: { first: 2 } });
    const first = await send();
    assert.equal(first.data.courses.nodes.length, 2);
    // Apollo sends the text by POST, because it may be long.
    assert.deepEqual(network.lines(), [`${method} 200 PERSISTED_QUERY_NOT_FOUND`, "POST 200"]);
    assert.deepEqual((await send()).data, first.data);
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

test("a batch returns results in its order, also beside a rejected operation", async () => {
  const network = recording();
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new BatchHttpLink({ uri: url, fetch: network.fetch }) });
  const query = (text) => apollo.query({ query: gql(text), errorPolicy: "all", fetchPolicy: "network-only" });
  const [courses, rejected, categories] = await Promise.all([
    query("{ courses(first: 1) { nodes { id } } }"), query("{ courses(first: 1000) { nodes { id } } }"), query("{ categories { id name } }"),
  ]);
  assert.equal(courses.data.courses.nodes.length, 1);
  assert.equal(rejected.error.errors[0].extensions.code, "BAD_USER_INPUT");
  assert.ok(categories.data.categories.length > 0);
  assert.deepEqual(network.lines(), ["POST 200"], "more than one request");
});

test("an object without an id has the fields of two queries, if the cache merges them", async () => {
  const { accessToken } = await signUp();
  const link = new HttpLink({ uri: url, headers: { authorization: `Bearer ${accessToken}` } });
  const queries = ["enrolledCoursesCount", "completedCoursesCount"].map((field) => gql(`{ viewer { id dashboard { ${field} } } }`));
  for (const [typePolicies, complete] of [[undefined, false], [{ Dashboard: { merge: true } }, true]]) {
    const apollo = new ApolloClient({ cache: new InMemoryCache({ typePolicies }), link });
    for (const query of queries) await apollo.query({ query });
    assert.equal(apollo.readQuery({ query: queries[0] }) !== null, complete);
  }
});
