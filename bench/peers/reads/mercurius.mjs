// Serves the five operations by Mercurius with its compiler (JIT).
import Fastify from "fastify";
import mercurius from "mercurius";
import { newContext, resolvers } from "./resolvers.mjs";
import { schema } from "./schema.mjs";

const app = Fastify();
app.register(mercurius, { schema, resolvers, jit: 1, context: (request) => newContext(request.headers.authorization) });
app.get("/readyz", async () => "");
const [host, port] = process.env.ADDR.split(":");
await app.listen({ host, port: Number(port) });
process.on("SIGTERM", () => process.exit(0));
