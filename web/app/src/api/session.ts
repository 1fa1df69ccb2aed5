import { toSentence } from "./errors";
import type { Viewer } from "./page-data";

// SessionError is a message of the server about a sign-in, with the code of its kind.
export interface SessionError {
  readonly message: string;
  readonly code: string;
  readonly field: string | undefined;
}

export type SessionResult = { readonly viewer: Viewer } | { readonly errors: readonly SessionError[] };

interface SessionResponse {
  viewer?: Viewer;
  errors?: { message: string; extensions?: { code?: string; field?: string | string[] } }[];
}

const unreachable: SessionResult = {
  errors: [{ message: "The server could not be reached. Check your connection, then try again.", code: "NETWORK", field: undefined }],
};

// send changes the session. The tokens are in cookies that no script can read.
async function send(method: string, path: string, body: object = {}): Promise<SessionResult> {
  let response: Response;
  try {
    response = await fetch(path, { method, credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    return unreachable;
  }
  const { viewer, errors = [] } = (await response.json().catch(() => ({}))) as SessionResponse;
  if (viewer) return { viewer };
  if (errors.length === 0) return unreachable;
  return {
    errors: errors.map(({ message, extensions: { code = "", field } = {} }) =>
      ({ message: toSentence(message), code, field: Array.isArray(field) ? field.at(-1) : field })),
  };
}

export const signIn = (email: string, password: string) => send("POST", "/session", { email, password });

export const signUp = (name: string, email: string, password: string) => send("POST", "/session/sign-up", { name, email, password });

// signOut ends the session and loads the front page: no response of the former viewer stays in memory.
export async function signOut() {
  await fetch("/session", { method: "DELETE", credentials: "same-origin", headers: { "Content-Type": "application/json" } }).catch(() => {});
  location.assign("/");
}
