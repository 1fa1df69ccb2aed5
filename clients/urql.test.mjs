// urql with its persisted exchange.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gql } from "@urql/core";
import { createClient } from "./app/urql-persisted.mjs";
import { recording, unique } from "./recording.mjs";
import { url } from "./server.mjs";

for (const get of [false, true]) {
  test(`persisted queries by ${get ? "GET" : "POST"}`, async () => {
    const network = recording();
    const query = gql`query ${unique()}($first: Int) { courses(first: $first) { totalCount nodes { id title } } }`;
    const send = () => createClient(url, {
      preferGet: get, fetch: network.fetch, preferGetMethod: get ? "force" : false, requestPolicy: "network-only",
    }).query(query, { first: 2 }).toPromise();
    const first = await send();
    assert.equal(first.error, undefined);
    assert.equal(first.data.courses.nodes.length, 2);
    const [miss, register, ...rest] = network.lines();
    assert.match(miss, /^(GET|POST) 200 PERSISTED_QUERY_NOT_FOUND$/);
    assert.match(register, /^(GET|POST) 200$/);
    assert.deepEqual(rest, []);
    assert.deepEqual((await send()).data, first.data);
    assert.equal(network.seen[0].sent.query, undefined);
    assert.deepEqual(network.lines(), [`${get ? "GET" : "POST"} 200`]);
  });
}
