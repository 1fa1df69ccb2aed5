// The pool, with the settings of the server's, and prepared statements.
import pg from "pg";

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.DATABASE_MAX_CONNS),
  options: "-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC",
});
const names = new Map();

// query prepares each text once per connection, and returns its rows.
export async function query(text, ...values) {
  let name = names.get(text);
  if (!name) names.set(text, (name = `s${names.size}`));
  return (await pool.query({ name, text, values })).rows;
}
