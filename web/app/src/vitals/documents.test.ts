import { expect, test } from "vitest";
import { parseCacheStatus, parseTraceId } from "./documents";

test("what the caches say", () => {
  expect([parseCacheStatus("7p; hit; ttl=60"), parseCacheStatus("7p; fwd=uri-miss; stored"), parseCacheStatus(null)]).toEqual(["hit", "uri-miss", "none"]);
});

test("the trace of a response", () => {
  expect(parseTraceId("sql;desc=\"4 statements\", traceparent;desc=\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"")).toBe("0af7651916cd43dd8448eb211c80319c");
  expect(parseTraceId(null)).toBeUndefined();
});
