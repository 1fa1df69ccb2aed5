// The list of documents, on servers that run no others. It is for admins, and on a demo for all.
import { config } from "./config.js";
import { authorization, onSessionChange, refreshIfDue } from "./session.js";

// { documents, error }: a text if the list cannot be read, "" otherwise.
let list = { documents: [], error: "" };
const listeners = new Set();

export const getDocuments = () => list;

// subscribeToDocuments calls a listener after each change of the list, until the returned function is called.
export function subscribeToDocuments(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function loadDocuments() {
  await refreshIfDue();
  const response = await fetch(config.documents, { headers: authorization() });
  const { documents = [], error = "", errors = [] } = await response.json();
  list = { documents, error: error || (errors[0]?.message ?? "") };
  for (const listener of listeners) listener();
}

// findDocument returns the document with a text, undefined for none.
export const findDocument = (text) => list.documents.find((document) => document.body.trim() === text.trim());

if (config.documents) {
  onSessionChange(loadDocuments);
  loadDocuments();
}
