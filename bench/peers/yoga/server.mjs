// Serves one subscription by GraphQL Yoga (Server-Sent Events) and by graphql-ws, for the comparison of LIVE.md.
// POST /tick sends an event to all.
import { createServer } from "node:http";
import { useServer } from "graphql-ws/use/ws";
import { createPubSub, createSchema, createYoga } from "graphql-yoga";
import { WebSocketServer } from "ws";

const title = (n) => `Practical Web Performance: Measuring to Shipping Faster, Edition ${n}, 246 enrolled, rated 4.67948717948718 by 78`;
const events = createPubSub();
let tick = 0;
const schema = createSchema({
  typeDefs: "type Query { ok: Boolean } type Subscription { course: String! }",
  resolvers: {
    Subscription: {
      course: {
        async *subscribe() {
          const next = events.subscribe("course");
          yield tick;
          yield* next;
        },
        resolve: title,
      },
    },
  },
});
const yoga = createYoga({ schema, logging: false, maskedErrors: false });
const server = createServer((request, response) => {
  if (request.url === "/tick") events.publish("course", ++tick);
  if (request.url === "/graphql") return yoga(request, response);
  response.end();
});
useServer({ schema }, new WebSocketServer({ server, path: "/graphql" }));
const [host, port] = process.env.ADDR.split(":");
server.listen(port, host, 4096);
process.on("SIGTERM", () => process.exit(0));
