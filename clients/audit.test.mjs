// GraphQL over HTTP, by the audits of graphql-http: every MUST holds. Other audits that the server
// does not meet are listed with the reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import { url } from "./server.mjs";

const reasons = {
  "The draft of August 2026 has 422 for valid JSON that is not a valid request; the audit's 400 is of 2023.":
    ["423L", "LKJ0", "LKJ1", "LKJ2", "LKJ3", "6C00", "6C01", "6C02", "6C03", "4760", "4761", "4762", "4763",
      "58B0", "58B1", "58B2", "58B3", "3E3A", "86EE"],
  "Since 2025 the draft has application/graphql-response+json for clients without an Accept header.":
    ["47DE", "80D8"],
  "The draft of August 2026 has the same status for both media types, so that a failure has a failure's status.":
    ["572B", "FDE2", "7B9B"],
};
const known = new Map(Object.entries(reasons).flatMap(([reason, ids]) => ids.map((id) => [id, reason])));

for (const audit of serverAudits({ url, fetchFn: fetch })) {
  test(audit.name, async () => {
    const { status, reason } = await audit.fn();
    if (known.has(audit.id)) {
      assert.ok(!audit.name.startsWith("MUST"), "a MUST has no exceptions");
      assert.notEqual(status, "ok", `${audit.id} holds: remove it from the exceptions`);
    } else {
      assert.equal(status, "ok", `${audit.id}: ${reason}`);
    }
  });
}
