import { gql } from "@apollo/client";
import { createClient } from "./apollo.mjs";
import { startPage } from "./page.mjs";

const documents = new Map(); // by text: Apollo requires the same object for the same document
function parse(text) {
  if (!documents.has(text)) documents.set(text, gql(text));
  return documents.get(text);
}

startPage((url, session) => {
  const client = createClient(url, session);
  return {
    watch(query, variables, show) {
      const subscription = client.watchQuery({ query: parse(query), variables }).subscribe(({ data, error }) => show(data, error));
      return () => subscription.unsubscribe();
    },
    async mutate(mutation, variables) {
      const { data } = await client.mutate({ mutation: parse(mutation), variables });
      return data;
    },
    refetch: () => client.refetchQueries({ include: "active" }),
    stop: () => client.stop(),
  };
});
