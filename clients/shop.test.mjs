// The webhooks of a shop: the receiver of the guide against a running server.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { send, signUp } from "./accounts.mjs";
import { createReceiver } from "./app/shop.mjs";
import { url } from "./server.mjs";

const secret = "secret of the shop";

async function signInAdmin() {
  const { signIn } = await send(
    "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }",
    { input: { email: "admin@7p.example", password: "correct horse battery" } },
  );
  return signIn.accessToken;
}

test("a shop", async (t) => {
  const buyer = await signUp();
  const { courses: { nodes: [{ id: courseId }] } } = await send("{ courses(first: 1, filter: { price: PAID }) { nodes { id } } }");
  const unknown = [];
  const receiver = createReceiver({
    url, secret, adminToken: await signInAdmin(), tokenOf: () => buyer.accessToken, onUnknown: ({ email }) => unknown.push(email),
  }).listen(0, "127.0.0.1");
  t.after(() => receiver.close());
  await once(receiver, "listening");

  async function notify(event, key = secret) {
    const body = JSON.stringify(event);
    const { status } = await fetch(`http://127.0.0.1:${receiver.address().port}`, {
      method: "POST", body, headers: { "x-shop-hmac-sha256": createHmac("sha256", key).update(body).digest("base64") },
    });
    return status;
  }
  const isEnrolled = async () => Boolean((await send(
    "query($id: ID!) { node(id: $id) { ... on Course { viewerEnrollment { id } } } }", { id: courseId }, buyer.accessToken,
  )).node.viewerEnrollment);
  const order = (type, fields) => ({ id: `${type}-${crypto.randomUUID()}`, type, email: buyer.email, courseId, ...fields });
  const paid = order("order.paid");
  const refunded = order("order.refunded");

  await t.test("an event that the shop did not sign is rejected", async () => {
    assert.equal(await notify(paid, "another secret"), 401);
    assert.equal(await isEnrolled(), false);
  });
  await t.test("a paid order enrolls the buyer", async () => {
    assert.equal(await notify(paid), 200);
    assert.equal(await isEnrolled(), true);
  });
  await t.test("a refund ends the enrollment, also the second time", async () => {
    assert.equal(await notify(refunded), 200);
    assert.equal(await notify(order("order.refunded")), 200);
    assert.equal(await isEnrolled(), false);
  });
  await t.test("a late repetition of the order does not enroll again", async () => {
    assert.equal(await notify(paid), 200);
    assert.equal(await isEnrolled(), false);
  });
  await t.test("a buyer without an account is remembered", async () => {
    assert.equal(await notify(order("order.paid", { email: "nobody@shop.example" })), 200);
    assert.deepEqual(unknown, ["nobody@shop.example"]);
  });
  await t.test("an order of an unknown course is reported", async () => {
    assert.equal(await notify(order("order.paid", { courseId: "Q291cnNlOjk5OTk5OTk5OQ" })), 422);
  });
});
