// The address of the running server with demo data, from SERVER. The server has RATE_LIMIT=off, MAX_BATCH=10,
// ACCESS_TOKEN_TTL=5s and CORS_ALLOWED_ORIGINS=http://app.localhost.
export const base = process.env.SERVER;
if (!base) throw new Error("SERVER is not set: set it to the address of a running server, e.g. http://localhost:8080");
export const url = `${base}/graphql`;
