import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";
import { hasCode } from "./errors.mjs";

export function createClient(url, session) {
  let token;
  const auth = authExchange(async ({ appendHeaders }) => {
    token = await session.token();
    return {
      addAuthToOperation: (operation) => token ? appendHeaders(operation, { authorization: `Bearer ${token}` }) : operation,
      willAuthError: () => session.signedIn() && session.expired(),
      // A token can end before its time: the session was ended, or the clock of the device is slow.
      didAuthError: (error) => session.signedIn() && hasCode(error, "UNAUTHENTICATED"),
      async refreshAuth() {
        token = await session.refresh();
      },
    };
  });
  return new Client({ url, exchanges: [cacheExchange, auth, fetchExchange] });
}
