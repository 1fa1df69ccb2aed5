import { type Exchange, makeOperation } from "@urql/core";
import { map, pipe } from "wonka";
import { recordDocument } from "../vitals/documents";
import type { AppDocument } from "./document";

// measureExchange records how long each operation takes, and what the caches say about it. Its place is before
// fetchExchange.
export const measureExchange: Exchange = ({ forward }) => (operations$) => forward(pipe(operations$, map((operation) => {
  if (operation.kind === "teardown") return operation;
  const { operation: name } = operation.query as unknown as AppDocument<unknown, unknown>;
  const send: typeof fetch = async (input, init) => {
    const start = performance.now();
    const response = await fetch(input, init);
    recordDocument(name, performance.now() - start, response.headers);
    return response;
  };
  return makeOperation(operation.kind, operation, { ...operation.context, fetch: send });
})));
