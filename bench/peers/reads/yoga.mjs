// Serves the five operations by GraphQL Yoga with its response cache in memory.
import { createServer } from "node:http";
import { createInMemoryCache, useResponseCache } from "@graphql-yoga/plugin-response-cache";
import { createSchema, createYoga } from "graphql-yoga";
import { newContext, resolvers } from "./resolvers.mjs";
import { schema } from "./schema.mjs";

const yoga = createYoga({
  schema: createSchema({ typeDefs: schema, resolvers }),
  context: ({ request }) => newContext(request.headers.get("authorization")),
  plugins: [useResponseCache({ session: (request) => request.headers.get("authorization"), cache: createInMemoryCache({ max: 10_000 }) })],
  logging: false,
  graphiql: false,
  landingPage: false,
  healthCheckEndpoint: "/readyz",
});
const [host, port] = process.env.ADDR.split(":");
createServer(yoga).listen(Number(port), host);
process.on("SIGTERM", () => process.exit(0));
