import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { from, switchMap } from "rxjs";
import { hasCode } from "./errors.mjs";

export function createClient(url, session) {
  const authorize = new SetContextLink(async ({ headers }) => {
    const token = await session.token();
    return { headers: token ? { ...headers, authorization: `Bearer ${token}` } : headers };
  });
  // A token can end before its time: the session was ended, or the clock of the device is slow.
  const retryUnauthenticated = new ErrorLink(({ error, operation, forward }) => {
    if (!hasCode(error, "UNAUTHENTICATED") || !session.signedIn()) return undefined;
    return from(session.refresh()).pipe(switchMap(() => forward(operation)));
  });
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([retryUnauthenticated, authorize, new HttpLink({ uri: url })]),
  });
}
