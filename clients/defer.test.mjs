// Deferred fragments with the clients that people use: each shows the initial part first, and in the end the whole
// response.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gql as apolloGql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { Client, cacheExchange, fetchExchange, gql as urqlGql } from "@urql/core";
import { send } from "./accounts.mjs";
import { createClient } from "./app/defer-apollo.mjs";
import { unique } from "./recording.mjs";
import { url } from "./server.mjs";

// document returns a query whose response is not cached: no other has its name.
const document = () => `query ${unique()} {
  courses(first: 3) { nodes {
    id title category { id }
    ...Details @defer(label: "details")
  } }
  ... @defer { categories { id name } }
}
fragment Details on Course { description category { name } reviews(first: 2) { nodes { id rating author { id name } } } }`;

const plain = (value) => JSON.parse(JSON.stringify(value, (key, v) => (key === "__typename" ? undefined : v)));

// whole returns the response without parts.
async function whole(query) {
  return plain(await send(query));
}

// recordFetch returns fetch, and the content types of its responses.
function recordFetch() {
  const contentTypes = [];
  return { contentTypes, fetch: async (...args) => {
    const response = await fetch(...args);
    contentTypes.push(response.headers.get("content-type"));
    return response;
  } };
}

function check(results, want) {
  assert.ok(results.length >= 2, `${results.length} results`);
  assert.equal(results[0].courses.nodes[0].title, want.courses.nodes[0].title);
  assert.equal(results[0].courses.nodes[0].description, undefined, "the first result has a deferred field");
  assert.deepEqual(plain(results.at(-1)), want);
}

for (const [Handler, contentType] of [[Defer20220824Handler, "deferSpec=20220824"], [GraphQL17Alpha9Handler, "incrementalSpec=v0.2"]]) {
  test(`Apollo Client, ${Handler.name}`, async () => {
    const query = document();
    const network = recordFetch();
    const results = [];
    await new Promise((resolve, reject) => {
      createClient(url, { Handler, fetch: network.fetch }).watchQuery({ query: apolloGql(query), fetchPolicy: "network-only" }).subscribe({
        error: reject,
        next({ data, dataState, error }) {
          if (error) reject(error);
          if (data) results.push(plain(data));
          if (dataState === "complete") resolve();
        },
      });
    });
    check(results, await whole(query));
    assert.equal(network.contentTypes.length, 1);
    assert.match(network.contentTypes[0], new RegExp(`^multipart/mixed; boundary="-"; ${contentType.replace(".", "\\.")}$`));
  });
}

test("urql", async () => {
  const query = document();
  const network = recordFetch();
  const results = [];
  await new Promise((resolve, reject) => {
    const client = new Client({ url, exchanges: [cacheExchange, fetchExchange], fetch: network.fetch, preferGetMethod: false });
    client.query(urqlGql(query), {}).subscribe(({ data, error, hasNext }) => {
      if (error) reject(error);
      results.push(plain(data));
      if (!hasNext) resolve();
    });
  });
  check(results, await whole(query));
  assert.match(network.contentTypes[0], /^multipart\/mixed; boundary="-"; deferSpec=20220824$/);
});

test("an error of a deferred fragment reaches Apollo Client, beside the initial part", async () => {
  for (const Handler of [Defer20220824Handler, GraphQL17Alpha9Handler]) {
    const query = apolloGql(`query ${unique()} { categories { id ... @defer { courses(first: -1) { totalCount } } } }`);
    const { data, error } = await createClient(url, { Handler }).query({ query, errorPolicy: "all", fetchPolicy: "network-only" });
    assert.equal(error.errors[0].extensions.code, "BAD_USER_INPUT");
    assert.ok(data.categories.length > 0);
  }
});

test("the query of the guide", async () => {
  const query = await readFile(join(import.meta.dirname, "app/defer-course.graphql"), "utf8");
  const { courses } = await send("{ courses(first: 1) { nodes { slug } } }");
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "multipart/mixed" },
    body: JSON.stringify({ query, variables: courses.nodes[0] }),
  });
  const [, initial, reviews, end] = (await response.text()).split("\r\n---");
  assert.ok(JSON.parse(initial.split("\r\n\r\n")[1]).data.course.title);
  assert.equal(JSON.parse(reviews.split("\r\n\r\n")[1]).incremental[0].label, "reviews");
  assert.equal(end, "--\r\n");
});
