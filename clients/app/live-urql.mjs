import { subscriptionExchange } from "@urql/core";
import { isLive } from "./is-live.mjs";

// createLiveExchange sends streams with a client of graphql-ws or of graphql-sse. Its place is before fetchExchange.
export const createLiveExchange = (liveClient) => subscriptionExchange({
  isSubscriptionOperation: isLive,
  forwardSubscription: (request) => ({
    subscribe: (sink) => ({ unsubscribe: liveClient.subscribe(request, sink) }),
  }),
});
