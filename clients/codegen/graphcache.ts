import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import introspection from "./generated/introspection.json";

// Objects without an id are parts of the object that has them, and have no key of their own.
const keys = Object.fromEntries(introspection.__schema.types
  .filter(({ kind, fields }) => kind === "OBJECT" && !fields?.some(({ name }) => name === "id"))
  .map(({ name }) => [name, () => null]));

export function createClient(url: string) {
  const cache = cacheExchange({
    schema: introspection, // fragments on interfaces
    keys,
    resolvers: { Query: { courses: relayPagination(), searchCourses: relayPagination() } },
  });
  return new Client({ url, exchanges: [cache, fetchExchange] });
}
