import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { isLive } from "./is-live.mjs";

// createClient sends streams on the WebSocket of a client of graphql-ws, and the rest by HTTP.
export function createClient(url, liveClient, headers) {
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(isLive, new GraphQLWsLink(liveClient), new HttpLink({ uri: url, headers })),
  });
}
