import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";

export function createClient(url, session) {
  let token;
  const auth = authExchange(async ({ appendHeaders }) => {
    token = await session.token();
    return {
      addAuthToOperation: (operation) => token ? appendHeaders(operation, { authorization: `Bearer ${token}` }) : operation,
      willAuthError: () => session.signedIn() && session.expired(),
      // An access token can end before its time, for example because the clock of the device is slow.
      didAuthError: ({ graphQLErrors }) =>
        session.signedIn() && graphQLErrors.some((e) => e.extensions.code === "UNAUTHENTICATED"),
      async refreshAuth() {
        token = await session.refresh();
      },
    };
  });
  return new Client({ url, exchanges: [cacheExchange, auth, fetchExchange] });
}
