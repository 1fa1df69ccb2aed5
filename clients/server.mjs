// The address of the running server with demo data, from SERVER.
export const base = process.env.SERVER;
if (!base) throw new Error("SERVER is not set: set it to the address of a running server, e.g. http://localhost:8080");
export const url = `${base}/graphql`;
