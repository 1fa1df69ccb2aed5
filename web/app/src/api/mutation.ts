import type { AnyVariables, CombinedError } from "@urql/core";
import { useState } from "react";
import { client, sessionHeaders } from "./client";
import type { AppDocument } from "./document";
import { toSentence } from "./errors";

// Problem is one of the userErrors of a payload: what is wrong with the input, and where.
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field: readonly string[];
}

export interface MutationResult<Data> {
  readonly data: Data | undefined;
  readonly problems: readonly Problem[]; // the input is invalid; nothing was written
  readonly error: CombinedError | undefined; // the server did not run it, or not all of it
}

// collectProblems returns the userErrors of all payloads of a response.
function collectProblems(data: unknown): readonly Problem[] {
  return Object.values(data ?? {}).flatMap((payload: { userErrors?: readonly Problem[] } | null) =>
    (payload?.userErrors ?? []).map((problem) => ({ ...problem, message: toSentence(problem.message) })));
}

interface MutationOptions {
  readonly changes?: string[]; // types whose queries are fetched again, if the result has no object of them
}

// mutate sends a mutation. With an idempotency key it can be repeated until a response arrives.
export async function mutate<Data, Variables extends AnyVariables>(
  document: AppDocument<Data, Variables>, variables: Variables, idempotencyKey?: string, { changes }: MutationOptions = {},
): Promise<MutationResult<Data>> {
  const headers = idempotencyKey ? { ...sessionHeaders, "Idempotency-Key": idempotencyKey } : sessionHeaders;
  const context = { fetchOptions: { credentials: "same-origin" as const, headers }, ...(changes && { additionalTypenames: changes }) };
  const { data, error } = await client.mutation(document, variables, context).toPromise();
  return { data, error, problems: collectProblems(data) };
}

// findProblem returns the message about a field of the input, by the last part of its path.
export const findProblem = (problems: readonly Problem[], field: string) =>
  problems.find((problem) => problem.field.at(-1) === field)?.message;

// useMutation returns the state of a mutation, and the function that sends it.
export function useMutation<Data, Variables extends AnyVariables>(document: AppDocument<Data, Variables>, options?: MutationOptions) {
  const [state, setState] = useState({ sending: false, problems: [] as readonly Problem[], error: undefined as CombinedError | undefined });
  async function send(variables: Variables) {
    setState({ sending: true, problems: [], error: undefined });
    const result = await mutate(document, variables, undefined, options);
    setState({ sending: false, problems: result.problems, error: result.error });
    return { ...result, ok: result.problems.length === 0 && !result.error };
  }
  return { ...state, send };
}
