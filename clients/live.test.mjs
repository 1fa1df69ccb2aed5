// Subscriptions and live queries with the clients that people use: each receives a write that another request
// made. live-protocol.test.mjs has the details of the protocols.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { createClient as createSSEClient } from "graphql-sse";
import { createClient as createWSClient } from "graphql-ws";
import { Environment, Network, RecordSource, Store } from "relay-runtime";
import WebSocket from "ws";
import { createLink } from "./app/live-apollo.mjs";
import { createLiveExchange } from "./app/live-urql.mjs";
import { createSubscribe } from "./relay/subscribe.mjs";
import { url } from "./server.mjs";
import { createAccount, followApollo, inbox, operations } from "./streams.mjs";

const authorization = (token) => ({ authorization: `Bearer ${token}` });
const openWS = (token) => createWSClient({
  url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: authorization(token), retryAttempts: 0,
});
const openSSE = (token) => createSSEClient({ url, headers: authorization(token), retryAttempts: 0 });
const openApollo = (link) => new ApolloClient({ cache: new InMemoryCache(), link });
const openUrql = (liveClient) => new Client({ url, exchanges: [cacheExchange, createLiveExchange(liveClient), fetchExchange] });

function followUrql(client, query, sink) {
  const run = query.startsWith("subscription") ? client.subscription : client.query;
  const { unsubscribe } = run.call(client, query, {}).subscribe(sink.next);
  return unsubscribe;
}

// followRelay sends an operation as compiled code does.
function followRelay(liveClient, query, sink) {
  const environment = new Environment({ network: Network.create(createSubscribe(liveClient), createSubscribe(liveClient)), store: new Store(new RecordSource()) });
  const [, operationKind, name] = query.match(/^(\w+) (\w+)/);
  const { unsubscribe } = environment.getNetwork().execute({ operationKind, name, text: query, metadata: {} }, {}, {}).subscribe(sink);
  return unsubscribe;
}

function followCurl(query, sink, token) {
  const curl = spawn("curl", ["-sN", url, "-H", "Content-Type: application/json", "-H", "Accept: text/event-stream",
    "-H", `Authorization: Bearer ${token}`, "-d", JSON.stringify({ query })]);
  createInterface(curl.stdout).on("line", (line) => {
    if (line.startsWith("data: ")) sink.next(JSON.parse(line.slice(6)));
  });
  return () => curl.kill();
}

// Each starts a stream and returns the function that stops it.
const clients = {
  "graphql-ws": (query, sink, token) => openWS(token).subscribe({ query }, sink),
  "graphql-sse": (query, sink, token) => openSSE(token).subscribe({ query }, sink),
  "Apollo Client, WebSocket": (query, sink, token) => followApollo(openApollo(createLink(openWS(token), ApolloLink.empty())), query, sink),
  "Apollo Client, multipart": (query, sink, token) => followApollo(openApollo(new HttpLink({ uri: url, headers: authorization(token) })), query, sink),
  "urql, graphql-ws": (query, sink, token) => followUrql(openUrql(openWS(token)), query, sink),
  "urql, graphql-sse": (query, sink, token) => followUrql(openUrql(openSSE(token)), query, sink),
  "urql, fetch": (query, sink, token) => followUrql(new Client({
    url, exchanges: [fetchExchange], fetchSubscriptions: true, preferGetMethod: false,
    fetchOptions: { headers: { ...authorization(token), accept: "text/event-stream" } },
  }), query, sink),
  Relay: (query, sink, token) => followRelay(openWS(token), query, sink),
  curl: followCurl,
};

describe("a write arrives", { concurrency: 8 }, () => {
  for (const [name, follow] of Object.entries(clients)) {
    for (const [kind, { query, read, write, before, after }] of Object.entries(operations)) {
      test(`${name}: ${kind}`, async (t) => {
        const account = await createAccount();
        const box = inbox();
        t.after(follow(query, box.sink, await account.token()));
        let value;
        do value = await box.take(); while (value.result?.loading);
        assert.equal(read(value.result?.data ?? assert.fail(JSON.stringify(value))), before);
        await write(account);
        assert.equal(read(await box.data()), after);
      });
    }
  }
});
