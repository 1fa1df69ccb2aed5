import { type Exchange, type ExecutionResult, type Operation, makeResult, stringifyVariables } from "@urql/core";
import { filter, map, merge, pipe, share } from "wonka";
import type { AppDocument } from "./document";
import { pageData } from "./page-data";

// matches reports whether the HTML has the response to an operation.
const matches = ({ kind, query, variables }: Operation) => kind === "query"
  && (query as unknown as AppDocument<unknown, unknown>).operation === pageData.document
  && stringifyVariables(variables ?? {}) === stringifyVariables(pageData.variables ?? {});

// pageDataExchange answers the first execution of the document of the route with the response in the HTML. Its
// place is after the cache, which then answers the next ones until a mutation changes their objects.
export const pageDataExchange: Exchange = ({ forward }) => {
  let inlined = pageData.result as ExecutionResult | undefined;

  // take returns the response in the HTML once.
  function take(operation: Operation) {
    if (!inlined || !matches(operation)) return undefined;
    const result = inlined;
    inlined = undefined;
    return result;
  }

  return (operations$) => {
    const all$ = share(pipe(operations$, map((operation) => ({ operation, result: take(operation) }))));
    return merge([
      pipe(all$, filter(({ result }) => result !== undefined), map(({ operation, result }) => makeResult(operation, result!))),
      pipe(all$, filter(({ result }) => result === undefined), map(({ operation }) => operation), forward),
    ]);
  };
};
