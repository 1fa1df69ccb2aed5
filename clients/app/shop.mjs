// A receiver of a shop's webhooks: a paid order enrolls the buyer, a refund ends the enrollment.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const ENROLL = `mutation($input: BulkEnrollInput!) {
  bulkEnroll(input: $input) { unknownEmails userErrors { code message } }
}`;
const UNENROLL = `mutation($input: UnenrollInput!) {
  unenroll(input: $input) { userErrors { code message } }
}`;

// send runs a mutation once per key, however often it is sent. It repeats it while the server is not
// available.
async function send(url, token, key, query, input) {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, "idempotency-key": key },
      body: JSON.stringify({ query, variables: { input } }),
    }).catch((error) => ({ status: 503, error }));
    if (![429, 503, 504].includes(response.status) || attempt === 3) {
      const { data, errors } = response.error ? { errors: [response.error] } : await response.json();
      if (errors) throw new Error(errors[0].message);
      return Object.values(data)[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt));
  }
}

// isSigned reports whether the body of a webhook has the signature of the shop.
function isSigned(body, signature, secret) {
  const expected = createHmac("sha256", secret).update(body).digest();
  const received = Buffer.from(signature ?? "", "base64");
  return received.length === expected.length && timingSafeEqual(received, expected);
}

// createReceiver returns an HTTP server for events { id, type, email, courseId } of a shop. adminToken is
// that of an admin, tokenOf returns one of a buyer. Orders of buyers without an account go to onUnknown.
export function createReceiver({ url, secret, adminToken, tokenOf, onUnknown }) {
  // handle returns the status for the shop. A shop sends an event again unless the status is 200.
  async function handle(event) {
    const { id, type, email, courseId } = event;
    if (type === "order.paid") {
      const { unknownEmails, userErrors } = await send(url, adminToken, id, ENROLL, { courseId, emails: [email] });
      if (unknownEmails.length > 0) await onUnknown(event);
      return userErrors.length > 0 ? 422 : 200;
    }
    if (type === "order.refunded") {
      const { userErrors } = await send(url, await tokenOf(email), id, UNENROLL, { courseId });
      return userErrors.every(({ code }) => code === "NOT_ENROLLED") ? 200 : 422;
    }
    return 200; // an event of another type
  }
  return createServer(async (request, response) => {
    try {
      const body = Buffer.concat(await request.toArray());
      response.statusCode = isSigned(body, request.headers["x-shop-hmac-sha256"], secret) ? await handle(JSON.parse(body)) : 401;
    } catch (error) {
      console.error(`webhook failed: ${error.message}`);
      response.statusCode = 500;
    }
    response.end();
  });
}
