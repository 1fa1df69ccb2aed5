// Stands for @0no-co/graphql.web in the bundle: documents are sent by their ids, so nothing is parsed or printed.
export const Kind = { OPERATION_DEFINITION: "OperationDefinition", FRAGMENT_DEFINITION: "FragmentDefinition", FIELD: "Field", NAME: "Name", DOCUMENT: "Document" };

export const print = () => "";

export function parse(): never {
  throw new Error("documents have no text: use those of src/generated");
}

export class GraphQLError extends Error {
  readonly path: readonly (string | number)[] | undefined;
  readonly extensions: Record<string, unknown>;

  constructor(message: string, _nodes?: unknown, _source?: unknown, _positions?: unknown, path?: readonly (string | number)[], _original?: unknown, extensions: Record<string, unknown> = {}) {
    super(message);
    this.name = "GraphQLError";
    this.path = path;
    this.extensions = extensions;
  }
}
