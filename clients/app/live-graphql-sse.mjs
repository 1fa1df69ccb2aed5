import { createClient } from "graphql-sse";
import { hasCode } from "./errors.mjs";

export function createLiveClient(url, session) {
  return createClient({
    url,
    retryAttempts: Infinity,
    async headers() {
      const token = await session.token();
      return token ? { authorization: `Bearer ${token}` } : {};
    },
  });
}

// subscribe follows one operation, and opens its stream again with a new token when the old one ends.
export function subscribe(client, session, request, sink) {
  let stop, tokenEnded;
  function open() {
    stop = client.subscribe(request, {
      next(result) {
        tokenEnded = hasCode(result, "UNAUTHENTICATED") && session.signedIn();
        if (!tokenEnded) sink.next(result);
      },
      error: sink.error,
      complete() {
        if (!tokenEnded) return sink.complete();
        tokenEnded = false;
        session.refresh().then(open, sink.error);
      },
    });
  }
  open();
  return () => stop();
}
