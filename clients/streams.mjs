// What the tests of streams share: accounts, writes, and the responses of a stream.
import assert from "node:assert/strict";
import { gql } from "@apollo/client";
import { send, signUp } from "./accounts.mjs";

// inbox collects the responses of a stream, so that a test can wait for the next one.
export function inbox() {
  const arrived = [], waiting = [];
  const push = (item) => (waiting.shift() ?? ((it) => arrived.push(it)))(item);
  return {
    sink: {
      next: (result) => push({ result }),
      error: (error) => push({ error }),
      complete: () => push({ complete: true }),
    },
    // take returns the next item. It fails after 5 s.
    async take() {
      if (arrived.length > 0) return arrived.shift();
      let timer;
      const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("nothing arrived within 5 s")), 5_000); });
      return Promise.race([new Promise((resolve) => waiting.push(resolve)), late]).finally(() => clearTimeout(timer));
    },
    // data returns the data of the next response.
    async data() {
      const item = await this.take();
      assert.ok(item.result, `not a response: ${describe(item)}`);
      assert.ok(!item.result.errors && !item.result.error, describe(item));
      return item.result.data;
    },
    arrived,
  };
}

const describe = ({ error, ...item }) => JSON.stringify({ ...item, error: error?.message ?? error?.reason ?? error });

// setSpeed changes the playback speed of an account.
export async function setSpeed(account, playbackSpeed) {
  const { updatePreferences: { userErrors } } = await send(
    "mutation($input: UpdatePreferencesInput!) { updatePreferences(input: $input) { userErrors { message } } }",
    { input: { playbackSpeed } }, await account.token(),
  );
  assert.deepEqual(userErrors, []);
}

// enroll enrolls an account in the first course that it can enroll in.
export async function enroll(account) {
  const { courses } = await send("{ courses(first: 20) { nodes { id viewerCanEnroll } } }", {}, await account.token());
  const { id } = courses.nodes.find(({ viewerCanEnroll }) => viewerCanEnroll);
  const { enroll: { userErrors } } = await send(
    "mutation($input: EnrollInput!) { enroll(input: $input) { userErrors { message } } }", { input: { courseId: id } }, await account.token(),
  );
  assert.deepEqual(userErrors, []);
}

// createAccount signs up. The account has the functions of the session of a page.
export async function createAccount() {
  let tokens = await signUp();
  let expiry = Date.now() + 8_000; // the server has ACCESS_TOKEN_TTL=8s
  return {
    refreshes: 0,
    signedIn: () => true,
    expired: () => Date.now() > expiry - 2_000,
    async refresh() {
      const { refreshSession } = await send(
        "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken refreshToken userErrors { message } } }",
        { input: { refreshToken: tokens.refreshToken } },
      );
      this.refreshes++;
      [tokens, expiry] = [refreshSession, Date.now() + 8_000];
      return tokens.accessToken;
    },
    async token() {
      return this.expired() ? this.refresh() : tokens.accessToken;
    },
  };
}

// operations are a subscription and a live query, each with a write and with what it changes.
export const operations = {
  subscription: {
    query: "subscription Updated { dashboardUpdated { enrolledCoursesCount } }",
    write: enroll,
    read: (data) => data.dashboardUpdated.enrolledCoursesCount,
    before: 0,
    after: 1,
  },
  "@live query": {
    query: "query Speed @live { viewer { id preferences { playbackSpeed } } }",
    write: (account) => setSpeed(account, 1.5),
    read: (data) => data.viewer.preferences.playbackSpeed,
    before: 1,
    after: 1.5,
  },
};

const multipart = { http: { accept: ["multipart/mixed;subscriptionSpec=1.0"] } };

// followApollo follows an operation by a subscription, or by a watched query that accepts a stream without a
// WebSocket too. It returns the function that stops it.
export function followApollo(client, text, sink) {
  const query = gql(text);
  const observable = text.startsWith("subscription") ? client.subscribe({ query }) : client.watchQuery({ query, context: multipart });
  const subscription = observable.subscribe(sink);
  return () => { subscription.unsubscribe(); client.stop(); };
}
