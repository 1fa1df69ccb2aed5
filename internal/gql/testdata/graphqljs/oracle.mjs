// Reports how graphql-js answers requests. Reads {sdl, requests: [{query, variables, execute}]} from stdin, with
// variables as JSON text, and writes a list of {stage, message, data}: the stage that rejects the request, or "runs".
import { readFileSync } from "node:fs";
import { buildSchema, executeSync, getOperationAST, parse, validate } from "graphql";
import { getVariableValues } from "graphql/execution/values.js";

const { sdl, requests } = JSON.parse(readFileSync(0, "utf8"));
const schema = buildSchema(sdl);

// defineScalar makes a custom scalar accept strings that match a pattern.
function defineScalar(name, pattern) {
  const type = schema.getType(name);
  if (!type) return;
  type.parseValue = (value) => {
    if (typeof value !== "string" || !pattern.test(value)) throw new TypeError(`not a ${name}`);
    return value;
  };
  type.parseLiteral = (node) => type.parseValue(node.kind === "StringValue" ? node.value : null);
}
defineScalar("DateTime", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/);
defineScalar("Decimal", /^-?\d+(\.\d+)?$/);

function answer({ query, variables, execute }) {
  let document;
  try {
    document = parse(query);
  } catch (error) {
    return { stage: "parse", message: error.message };
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return { stage: "validation", message: errors[0].message };
  const values = variables === "" ? {} : JSON.parse(variables);
  const { errors: invalid } = getVariableValues(schema, getOperationAST(document).variableDefinitions ?? [], values);
  if (invalid) return { stage: "variables", message: invalid[0].message };
  return { stage: "runs", message: "", data: execute ? executeSync({ schema, document, variableValues: values }).data : undefined };
}

process.stdout.write(JSON.stringify(requests.map(answer)));
