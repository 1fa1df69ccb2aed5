import { Client, type OperationContext, cacheExchange, fetchExchange } from "@urql/core";
import { measureExchange } from "./measure-exchange";
import { pageDataExchange } from "./page-data-exchange";

export const endpoint = "/graphql";

// The server accepts the cookies of the session only with this header, which forms of other sites cannot send.
export const sessionHeaders = { "X-Requested-With": "7p-app" };

const options = {
  url: endpoint,
  preferGetMethod: false as const,
  fetchOptions: { credentials: "same-origin" as const, headers: sessionHeaders },
};

// client has the document cache: a mutation fetches again what has an object of a type that it returned.
export const client = new Client({ ...options, exchanges: [cacheExchange, pageDataExchange, measureExchange, fetchExchange] });

// uncachedClient is for responses that a list drops when they are scrolled away: the document cache forgets none.
export const uncachedClient = new Client({ ...options, exchanges: [measureExchange, fetchExchange] });

// publicData is the context of queries whose responses are the same for all callers. They are sent by GET and
// without cookies, so that browsers and CDNs can store them.
export const publicData: Partial<OperationContext> = {
  preferGetMethod: "within-url-limit",
  fetchOptions: { credentials: "omit" },
};
