// Plugins of GraphiQL: a list of operations that open in a tab. Examples by task, and where only listed
// documents run, those.
import { config } from "./config.js";
import { getDocuments, subscribeToDocuments } from "./documents.js";

const h = React.createElement;

const icon = (path) => () => h("svg", { viewBox: "0 0 20 20", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
  h("path", { d: path, strokeLinecap: "round", strokeLinejoin: "round" }));

const nameOf = (query) => /\b(?:query|mutation|subscription)\s+(\w+)/.exec(query)?.[1] ?? "Unnamed";
const descriptionOf = (query) => /^#\s*(.*)/.exec(query)?.[1] ?? "";

function OperationList({ title, collections, open, note = null }) {
  return h("section", { className: "collections", "aria-label": title },
    h("div", { className: "graphiql-doc-explorer-title" }, title),
    note && h("p", { className: "collection-note", role: "status" }, note),
    collections.map((collection) => h("div", { key: collection.title },
      h("h2", null, collection.title),
      h("ul", null, collection.operations.map((operation) => h("li", { key: operation.id ?? operation.query },
        h("button", { type: "button", onClick: () => open(operation) },
          h("span", { className: "operation-name" }, operation.name ?? nameOf(operation.query)),
          h("span", { className: "operation-description" }, operation.description ?? descriptionOf(operation.query)))))))));
}

export function examplesPlugin(open) {
  return {
    title: "Examples",
    icon: icon("M4 4.5h12M4 10h12M4 15.5h7M14.5 13.5v5M12 16h5"),
    content: () => h(OperationList, { title: "Examples", collections: config.collections, open }),
  };
}

export function documentsPlugin(open) {
  return {
    title: "Documents",
    icon: icon("M5 2.5h7l3.5 3.5v11.5h-10.5zM12 2.5v3.5h3.5M8 10.5h5M8 13.5h5"),
    content: () => h(DocumentList, { open }),
  };
}

// ownDocuments has the ids of the documents by which the page itself signs in.
const ownDocuments = new Set(Object.values(config.session).map(({ id }) => id));

function DocumentList({ open }) {
  const { documents, error } = React.useSyncExternalStore(subscribeToDocuments, getDocuments);
  const operations = documents.filter(({ id }) => !ownDocuments.has(id)).map(({ id, operation, body }) => ({
    id, query: body, variables: variablesOf(body), name: operation || "Unnamed", description: id.length > 24 ? `${id.slice(0, 20)}…` : id,
  }));
  const note = error || (operations.length ? "This server runs only these documents." : "The list is empty.");
  return h(OperationList, { title: "Documents", collections: operations.length ? [{ title: `${operations.length} in the list`, operations }] : [], open, note });
}

// variablesOf returns the variables of a document as JSON, with an empty value for each that has no default.
function variablesOf(body) {
  const [operation] = GraphiQL.GraphQL.parse(body).definitions.filter((d) => d.kind === "OperationDefinition");
  const required = operation.variableDefinitions.filter((v) => v.type.kind === "NonNullType" && !v.defaultValue);
  return JSON.stringify(Object.fromEntries(required.map((v) => [v.variable.name.value, null])), null, 2);
}
