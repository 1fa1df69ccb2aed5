import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { isLive } from "./is-live.mjs";

// createClient sends streams with a client of graphql-ws or of graphql-sse, and the rest by HTTP.
export function createClient(url, liveClient) {
  const live = subscriptionExchange({
    isSubscriptionOperation: isLive,
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: liveClient.subscribe(request, sink) }),
    }),
  });
  return new Client({ url, exchanges: [cacheExchange, live, fetchExchange] });
}
