import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

export function createClient(url, { preferGet = true, ...options } = {}) {
  const persisted = persistedExchange({ preferGetForPersistedQueries: preferGet });
  return new Client({ url, exchanges: [cacheExchange, persisted, fetchExchange], ...options });
}
