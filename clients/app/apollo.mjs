import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { from, switchMap } from "rxjs";

export function createClient(url, session) {
  const authorize = new SetContextLink(async ({ headers }) => {
    const token = await session.token();
    return { headers: token ? { ...headers, authorization: `Bearer ${token}` } : headers };
  });
  // An access token can end before its time, for example because the clock of the device is slow.
  const retryUnauthenticated = new ErrorLink(({ error, operation, forward }) => {
    const rejected = CombinedGraphQLErrors.is(error) && error.errors.some((e) => e.extensions?.code === "UNAUTHENTICATED");
    if (!rejected || !session.signedIn()) return undefined;
    return from(session.refresh()).pipe(switchMap(() => forward(operation)));
  });
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([retryUnauthenticated, authorize, new HttpLink({ uri: url })]),
  });
}
