// Follows subscriptions and queries with @live: the newest response is shown in place of the one before.
const { GraphQL } = GraphiQL;

// findOperation returns the operation of a text with a name, or its first; undefined if the text is not valid.
function findOperation(text, name) {
  try {
    const operations = GraphQL.parse(text).definitions.filter(({ kind }) => kind === "OperationDefinition");
    return operations.find((operation) => operation.name?.value === name) ?? operations[0];
  } catch {
    return undefined;
  }
}

const findLive = ({ directives }) => directives.find(({ name }) => name.value === "live");

// isStream reports whether an operation has a stream of responses.
export function isStream({ query, operationName }) {
  const operation = findOperation(query, operationName);
  return operation?.operation === "subscription" || Boolean(operation && findLive(operation));
}

// toggleLive returns a text whose query has @live, or has it no longer. Other operations stay as they are.
export function toggleLive(text, operationName) {
  const operation = findOperation(text, operationName);
  if (operation?.operation !== "query") return text;
  const live = findLive(operation);
  if (live) return text.slice(0, live.loc.start) + text.slice(live.loc.end).trimStart();
  const { start } = operation.selectionSet.loc;
  const keyword = operation.loc.start === start ? "query " : "";
  return `${text.slice(0, start)}${keyword}@live ${text.slice(start)}`;
}

// readEvents calls next with the data of each Server-Sent Event of a response.
export async function readEvents(response, next) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data) next(data);
    }
  }
}
