// The variables of an example. Ids of demo data depend on the day on which they were loaded, so a text in braces
// is a path in the result of a query.
import { config } from "./config.js";

const placeholder = /"\{([\w.]+)\}"/g;
let lookup = null; // the promise of its data

async function runLookup() {
  const response = await fetch(config.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: config.lookup }),
  });
  return (await response.json()).data;
}

const valueAt = (data, path) => path.split(".").reduce((value, name) => value?.[name], data);

// fillVariables returns the variables with ids. Ids that are not found are empty.
export async function fillVariables(variables) {
  if (variables.search(placeholder) < 0) return variables;
  lookup ??= runLookup().catch(() => null);
  const data = await lookup;
  return variables.replace(placeholder, (_, path) => JSON.stringify(valueAt(data, path) ?? ""));
}
