// The running server that is asked: SERVER is its address, with the demo data.
export const base = process.env.SERVER;
if (!base) throw new Error("SERVER is not set: it is the address of a running server, e.g. http://localhost:8080");
export const url = `${base}/graphql`;
