import type { TypedDocumentNode } from "@urql/core";

// AppDocument is an operation that the server knows by its id. It has no text, so the bundle needs no parser.
export type AppDocument<Data, Variables> = TypedDocumentNode<Data, Variables> & {
  readonly documentId: string;
  readonly operation: string; // its name, for the figures of vitals
};

// createDocument returns the document of an operation with the SHA-256 of its text.
export const createDocument = <Data, Variables>(operation: string, hash: string) =>
  ({ kind: "Document", definitions: [], documentId: `sha256:${hash}`, operation }) as unknown as AppDocument<Data, Variables>;
