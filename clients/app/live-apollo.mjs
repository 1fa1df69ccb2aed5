import { ApolloLink } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { isLive } from "./is-live.mjs";

// createLink sends streams on the WebSocket of a client of graphql-ws, and other operations by a link.
export const createLink = (liveClient, link) => ApolloLink.split(isLive, new GraphQLWsLink(liveClient), link);
