// Serves the database by PostGraphile, whose schema is derived from the tables.
import { createServer } from "node:http";
import { TYPES } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { addPgTableOrderBy, orderByAscDesc } from "postgraphile/utils";
import { postgraphile } from "postgraphile";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

// The order of the index courses_rating, in which courses without a rating have 0.
const ratingOrder = (sql, courses) => ({ fragment: sql`coalesce(${courses}.rating_average, 0)`, codec: TYPES.float });

// PostGraphile needs Node 22; of its new functions, queries call only this one.
Promise.withResolvers ??= () => {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};

const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  plugins: [addPgTableOrderBy({ schemaName: "public", tableName: "courses" }, ({ sql }) => orderByAscDesc("RATING", (courses) => ratingOrder(sql, courses)))],
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["public"],
      poolConfig: { max: Number(process.env.DATABASE_MAX_CONNS), options: "-c jit=off -c timezone=UTC" },
    }),
  ],
  schema: { defaultBehavior: "+query:resource:list" },
  grafserv: { graphiql: false },
});
const handle = instance.createServ(grafserv).createHandler();
await instance.getSchema();
const [host, port] = process.env.ADDR.split(":");
createServer((request, response) => (request.url === "/readyz" ? response.end() : handle(request, response))).listen(Number(port), host);
process.on("SIGTERM", () => process.exit(0));
