// The protocols of streams: graphql-transport-ws, graphql-sse, resuming, and the end of a token.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { createClient as createSSEClient } from "graphql-sse";
import { createClient as createWSClient } from "graphql-ws";
import WebSocket from "ws";
import { createClient as createApolloClient } from "./app/apollo.mjs";
import * as sse from "./app/live-graphql-sse.mjs";
import * as ws from "./app/live-graphql-ws.mjs";
import { url } from "./server.mjs";
import { createAccount, enroll, followApollo, inbox, operations, setSpeed } from "./streams.mjs";

const { "@live query": { query: speedQuery, read: readSpeed } } = operations;
const wsURL = url.replace("http", "ws");

// openSocket opens a WebSocket without a client library, and sends messages.
async function openSocket(t, ...messages) {
  const socket = new WebSocket(wsURL, "graphql-transport-ws");
  t.after(() => socket.terminate());
  await once(socket, "open");
  for (const message of messages) socket.send(JSON.stringify(message));
  return socket;
}

const receive = async (socket) => JSON.parse((await once(socket, "message"))[0]);
const init = { type: "connection_init" };
const subscribe = { id: "1", type: "subscribe", payload: { query: "query @live { categories { name } }" } };

// readEvents opens a stream of Server-Sent Events with fetch. It returns the items of its events.
function readEvents(t, query, token, lastEventID) {
  const stop = new AbortController(), box = inbox();
  t.after(() => stop.abort());
  const headers = {
    "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${token}`,
    ...(lastEventID && { "last-event-id": lastEventID }),
  };
  const started = fetch(url, { method: "POST", headers, body: JSON.stringify({ query }), signal: stop.signal }).then(async ({ body }) => {
    (async () => {
      let text = "";
      for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) {
          const data = event.match(/^data: (.+)$/m);
          if (data) box.sink.next({ ...JSON.parse(data[1]), id: event.match(/^id: (.*)$/m)?.[1] });
        }
      }
    })().catch(() => {}); // aborted
  });
  return { box, started, stop: () => stop.abort() };
}

describe("graphql-transport-ws", { concurrency: 8 }, () => {
  test("a wrong token closes with 4403", async () => {
    const client = createWSClient({
      url: wsURL, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authorization: "Bearer wrong" },
    });
    const box = inbox();
    client.subscribe({ query: speedQuery }, box.sink);
    const { error } = await box.take();
    assert.equal(error.code, 4403, error.message);
  });

  test("an operation that is not valid has errors, and the socket stays open", async (t) => {
    const client = createWSClient({ url: wsURL, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false });
    t.after(() => client.dispose());
    const box = inbox();
    client.subscribe({ query: "{ unknown }" }, box.sink);
    const { error } = await box.take();
    assert.equal(error[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    client.subscribe({ query: "{ categories { name } }" }, box.sink);
    assert.ok((await box.data()).categories.length > 0);
    assert.ok((await box.take()).complete);
  });

  test("the client's pings are answered", async (t) => {
    const pongs = inbox();
    const client = createWSClient({
      url: wsURL, webSocketImpl: WebSocket, lazy: false, keepAlive: 50, on: { pong: (received) => pongs.sink.next(received) },
    });
    t.after(() => client.dispose());
    assert.equal((await pongs.take()).result, true);
    assert.equal((await pongs.take()).result, true);
  });

  for (const [name, messages, code] of [
    ["subscribe before connection_init", [subscribe], 4401],
    ["a second connection_init", [init, init], 4429],
    ["a second operation with the same id", [init, subscribe, subscribe], 4409],
    ["an unknown type", [init, { type: "start" }], 4400],
  ]) {
    test(`${name} closes with ${code}`, async (t) => {
      const socket = await openSocket(t, ...messages);
      const [closed] = await once(socket, "close");
      assert.equal(closed, code);
    });
  }

  test("an id can be used again after complete", async (t) => {
    const socket = await openSocket(t, init);
    assert.deepEqual(await receive(socket), { type: "connection_ack" });
    for (let i = 0; i < 2; i++) {
      socket.send(JSON.stringify(subscribe));
      assert.equal((await receive(socket)).type, "next");
      socket.send(JSON.stringify({ id: "1", type: "complete" }));
    }
  });
});

describe("graphql-sse", { concurrency: 8 }, () => {
  const client = createSSEClient({ url, retryAttempts: 0 });

  test("a query and its end arrive", async () => {
    const box = inbox();
    client.subscribe({ query: "{ categories { name } }" }, box.sink);
    assert.ok((await box.data()).categories.length > 0);
    assert.ok((await box.take()).complete);
  });

  test("an operation that is not valid has errors", async () => {
    const box = inbox();
    client.subscribe({ query: "subscription { unknown }" }, box.sink);
    assert.equal((await box.take()).result.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    assert.ok((await box.take()).complete);
  });
});

describe("resuming", { concurrency: 8 }, () => {
  test("Server-Sent Events: nothing without a change, one event with several", async (t) => {
    const account = await createAccount(), token = await account.token();
    const first = readEvents(t, speedQuery, token);
    const { result: { id } } = await first.box.take();
    first.stop();

    const unchanged = readEvents(t, speedQuery, token, id);
    await unchanged.started;
    await setSpeed(account, 1.5);
    assert.equal(readSpeed(await unchanged.box.data()), 1.5, "the response that the client has was sent again");
    unchanged.stop();

    await setSpeed(account, 1.75);
    await setSpeed(account, 2);
    const changed = readEvents(t, speedQuery, token, id);
    const { result } = await changed.box.take();
    assert.equal(readSpeed(result.data), 2);
    assert.equal(result.extensions.live.resumed, "changed");
    await setTimeout(300);
    assert.deepEqual(changed.box.arrived, []);
  });

  test("graphql-ws: a lost connection loses no change and repeats nothing", async (t) => {
    const account = await createAccount();
    let socket, waitOffline;
    const client = ws.createLiveClient(url, account, {
      webSocketImpl: class extends WebSocket { constructor(...args) { super(...args); socket = this; } }, retryWait: () => waitOffline,
    });
    t.after(() => client.dispose());
    const speeds = inbox(), counts = inbox();
    t.after(ws.subscribe(client, { query: speedQuery }, speeds.sink));
    t.after(ws.subscribe(client, { query: operations.subscription.query }, counts.sink));
    assert.equal(readSpeed(await speeds.data()), 1);
    assert.equal(operations.subscription.read(await counts.data()), 0);

    let comeBack;
    waitOffline = new Promise((resolve) => { comeBack = resolve; });
    socket.terminate();
    await enroll(account);
    comeBack();
    assert.equal(operations.subscription.read(await counts.data()), 1);
    await setSpeed(account, 2);
    assert.equal(readSpeed(await speeds.data()), 2, "the response that the client has was sent again");
  });
});

describe("the end of a token", { concurrency: 8 }, () => {
  // follow waits until the first token has ended, and returns what the stream received after a write.
  async function follow(t, account, start) {
    const box = inbox();
    t.after(start(box.sink));
    assert.equal(readSpeed(await box.data()), 1);
    await setTimeout(9_000);
    await setSpeed(account, 1.25);
    let speed;
    do speed = readSpeed(await box.data()); while (speed === 1); // of a stream that was opened again
    assert.equal(speed, 1.25);
    assert.deepEqual(box.arrived, []);
  }

  test("graphql-ws sends the next token on the same socket", async (t) => {
    const account = await createAccount();
    let sockets = 0;
    const client = ws.createLiveClient(url, account, { webSocketImpl: WebSocket, retryWait: async () => { sockets++; } });
    t.after(() => client.dispose());
    await follow(t, account, (sink) => ws.subscribe(client, { query: speedQuery }, sink));
    assert.equal(sockets, 0, "the server closed the socket");
    assert.ok(account.refreshes > 0);
  });

  test("graphql-ws without a new token is closed with 4403", async () => {
    const account = await createAccount();
    const token = await account.token();
    const client = createWSClient({
      url: wsURL, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authorization: `Bearer ${token}` },
    });
    const box = inbox();
    client.subscribe({ query: speedQuery }, box.sink);
    assert.equal(readSpeed(await box.data()), 1);
    await setTimeout(4_000);
    assert.equal((await box.take()).error.code, 4403);
  });

  test("graphql-sse opens the stream again", async (t) => {
    const account = await createAccount();
    const client = sse.createLiveClient(url, account);
    t.after(() => client.dispose());
    await follow(t, account, (sink) => sse.subscribe(client, account, { query: speedQuery }, sink));
    assert.ok(account.refreshes > 0);
  });

  for (const [kind, { query, read, write, after }] of Object.entries(operations)) {
    test(`Apollo Client, multipart: ${kind} is opened again`, async (t) => {
      const account = await createAccount();
      const client = createApolloClient(url, account);
      t.after(() => client.stop());
      const box = inbox();
      t.after(followApollo(client, query, box.sink));
      await setTimeout(9_000);
      await write(account);
      let item;
      do item = await box.take(); while (!item.result?.data || read(item.result.data) !== after);
    });
  }
});
