import { Observable } from "relay-runtime";

// createSubscribe returns the second function of Network.create, for a client of graphql-ws.
export const createSubscribe = (liveClient) => ({ name, text }, variables) => Observable.create((sink) =>
  liveClient.subscribe({ operationName: name, query: text, variables }, sink));
