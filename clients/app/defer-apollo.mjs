import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { Defer20220824Handler } from "@apollo/client/incremental";

// createClient returns a client that reads the parts of responses. GraphQL17Alpha9Handler reads the newer format.
export function createClient(url, { Handler = Defer20220824Handler, fetch } = {}) {
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: new HttpLink({ uri: url, fetch }),
    incrementalHandler: new Handler(),
  });
}
