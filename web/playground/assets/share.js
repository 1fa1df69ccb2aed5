// Links to an operation: #query=…&variables=…&operationName=…, which browsers do not send to servers.
import { mentionsSecret } from "./storage.js";

export function readLink(hash = location.hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const query = parameters.get("query");
  return query === null ? null : { query, variables: parameters.get("variables") ?? "" };
}

// createLink returns the address of an operation. It throws if the operation mentions a password or a token.
export function createLink({ query, variables }) {
  if (mentionsSecret(query + variables)) throw new Error("No link: the operation mentions a password or a token.");
  const parameters = new URLSearchParams({ query });
  if (variables.trim() && variables.trim() !== "{}") parameters.set("variables", variables);
  const page = new URL(location.href);
  page.search = "";
  page.hash = parameters;
  return page.href;
}
