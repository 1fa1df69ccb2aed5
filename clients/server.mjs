// The address of the running server with demo data, from SERVER; scripts/test has its settings. The guides
// need DOCUMENTS_TOKEN, and 7p in the PATH.
export const base = process.env.SERVER;
if (!base) throw new Error("SERVER is not set: set it to the address of a running server, e.g. http://localhost:8080");
export const url = `${base}/graphql`;
