// isLive reports whether an operation has a stream of responses: a subscription, or a query with @live.
export const isLive = ({ query }) => query.definitions.some(({ operation, directives }) =>
  operation === "subscription" || directives?.some(({ name }) => name.value === "live"));
