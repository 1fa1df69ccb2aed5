import { createClient } from "./urql.mjs";
import { startPage } from "./page.mjs";

startPage((url, session) => {
  const client = createClient(url, session);
  const watched = new Set();
  return {
    watch(query, variables, show) {
      const { unsubscribe } = client.query(query, variables).subscribe(({ data, error }) => show(data, error));
      const entry = { query, variables };
      watched.add(entry);
      return () => {
        watched.delete(entry);
        unsubscribe();
      };
    },
    async mutate(mutation, variables) {
      const { data, error } = await client.mutation(mutation, variables).toPromise();
      if (error) throw error;
      return data;
    },
    refetch: () => Promise.all([...watched].map(({ query, variables }) =>
      client.query(query, variables, { requestPolicy: "network-only" }).toPromise())),
    stop() {},
  };
});
