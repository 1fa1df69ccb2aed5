// Apollo's relayStylePagination joins the edges of pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApolloClient, HttpLink, gql } from "@apollo/client";
import { send } from "./accounts.mjs";
import { catalog, createCache, fetchNextPage } from "./app/apollo-pagination.mjs";
import { url } from "./server.mjs";

// watch returns a watched query whose first page has arrived.
async function watch(query) {
  const watched = new ApolloClient({ cache: createCache(), link: new HttpLink({ uri: url }) }).watchQuery({ query });
  await arrived(watched, () => true);
  return watched;
}

// arrived resolves with the courses once they meet a condition.
const arrived = (watched, condition) => new Promise((resolve) => {
  watched.subscribe(({ data }) => data && condition(data.courses) && resolve(data.courses));
});

test("pages of edges are one list", async () => {
  const watched = await watch(catalog);
  for (const count of [20, 30]) {
    await fetchNextPage(watched);
    await arrived(watched, ({ edges }) => edges.length === count);
  }
  const { courses } = await send("{ courses(first: 30) { nodes { id } } }");
  assert.deepEqual(
    watched.getCurrentResult().data.courses.edges.map(({ node }) => node.id),
    courses.nodes.map(({ id }) => id),
  );
});

test("pages of nodes are not: page one is lost", async () => {
  const { courses } = await send("{ courses(first: 20) { nodes { id } } }");
  const watched = await watch(gql`query Nodes($after: String) {
    courses(first: 10, after: $after) { nodes { id title } pageInfo { hasNextPage endCursor } }
  }`);
  await fetchNextPage(watched);
  const { nodes } = await arrived(watched, ({ nodes: [first] }) => first.id !== courses.nodes[0].id);
  assert.deepEqual(nodes.map(({ id }) => id), courses.nodes.slice(10).map(({ id }) => id));
});
