import type { CombinedError } from "@urql/core";

// ErrorText is an error in words for people.
export interface ErrorText {
  readonly title: string;
  readonly advice: string;
  readonly retry: boolean; // whether to offer another attempt
  readonly signIn: boolean; // whether to offer to sign in
}

const codes: Record<string, Omit<ErrorText, "retry" | "signIn"> & Partial<ErrorText>> = {
  UNAUTHENTICATED: { title: "Your session has ended", advice: "Sign in again to continue.", signIn: true, retry: false },
  FORBIDDEN: { title: "This page is not for your account", advice: "Sign in with an account that may see it.", signIn: true, retry: false },
  NOT_FOUND: { title: "Not found", advice: "It may have been removed.", retry: false },
  SERVICE_UNAVAILABLE: { title: "The service is busy", advice: "Please try again in a few seconds." },
  TIMEOUT: { title: "This took too long", advice: "Please try again." },
};

// toSentence returns a message of the API as a sentence for people.
export const toSentence = (message: string) => message.charAt(0).toUpperCase() + message.slice(1);

// hasCode reports whether one of the errors of a response has a code.
export const hasCode = (error: CombinedError | undefined, code: string) =>
  error?.graphQLErrors.some(({ extensions }) => extensions?.["code"] === code) ?? false;

// describeError returns what happened, and what to do about it.
export function describeError(error: CombinedError, online = navigator.onLine): ErrorText {
  if (error.networkError) {
    return online
      ? { title: "The server could not be reached", advice: "Check your connection, then try again.", retry: true, signIn: false }
      : { title: "You are offline", advice: "This page continues when you are connected again.", retry: true, signIn: false };
  }
  const { extensions = {}, message } = error.graphQLErrors[0] ?? { message: "" };
  if (extensions["code"] === "RATE_LIMITED") {
    const seconds = Number(extensions["retryAfter"] ?? 1);
    return { title: "Too many requests", advice: `Please try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`, retry: true, signIn: false };
  }
  const known = codes[String(extensions["code"])];
  if (known) return { retry: true, signIn: false, ...known };
  const id = extensions["requestId"];
  return { title: "Something went wrong", advice: id ? `Please try again. If it happens again, report request ${String(id)}.` : toSentence(message), retry: true, signIn: false };
}
