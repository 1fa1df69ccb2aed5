import { type AnyVariables, type CombinedError, type GraphQLRequest, type OperationContext, createRequest, stringifyVariables } from "@urql/core";
import { useMemo, useSyncExternalStore } from "react";
import { client, publicData } from "./client";
import type { AppDocument } from "./document";

export interface QueryState<Data> {
  readonly data: Data | undefined;
  readonly error: CombinedError | undefined;
  readonly fetching: boolean; // no response yet
  readonly stale: boolean; // a newer response is on its way
}

export interface QueryOptions {
  readonly public?: boolean; // the response is the same for all callers
  readonly pause?: boolean; // do not send it
}

const idle: QueryState<never> = { data: undefined, error: undefined, fetching: false, stale: false };
const fetching: QueryState<never> = { ...idle, fetching: true };

// QueryWatch is the state of one query, followed as long as a component shows it.
class QueryWatch<Data, Variables extends AnyVariables> {
  #state: QueryState<Data>;
  readonly #request: GraphQLRequest<Data, Variables> | undefined;
  readonly #context: Partial<OperationContext> | undefined;
  #listener: (() => void) | undefined;

  constructor(request: GraphQLRequest<Data, Variables> | undefined, context: Partial<OperationContext> | undefined) {
    this.#request = request;
    this.#context = context;
    this.#state = request ? fetching : idle;
    this.#follow()(); // a response that is there already is in the first render
  }

  getSnapshot = () => this.#state;

  subscribe = (listener: () => void) => {
    this.#listener = listener;
    const stop = this.#follow();
    return () => {
      this.#listener = undefined;
      stop();
    };
  };

  refetch = () => {
    if (!this.#request) return;
    this.#set({ ...this.#state, stale: true });
    client.executeQuery(this.#request, { ...this.#context, requestPolicy: "network-only" }).toPromise();
  };

  #follow() {
    if (!this.#request) return () => {};
    return client.executeQuery(this.#request, this.#context).subscribe(({ data, error, stale }) => {
      this.#set({ data, error, fetching: false, stale });
    }).unsubscribe;
  }

  #set(state: QueryState<Data>) {
    const { data, error, fetching, stale } = this.#state;
    if (state.data === data && state.error === error && state.fetching === fetching && state.stale === stale) return;
    this.#state = state;
    this.#listener?.();
  }
}

// useQuery returns the response to a query, and a new one after a mutation of its objects.
export function useQuery<Data, Variables extends AnyVariables>(
  document: AppDocument<Data, Variables>, variables: Variables, { public: isPublic = false, pause = false }: QueryOptions = {},
): QueryState<Data> & { readonly refetch: () => void } {
  const key = stringifyVariables(variables as object); // equal variables are one query
  const watch = useMemo(() => {
    const request = pause ? undefined : createRequest(document, JSON.parse(key) as Variables);
    return new QueryWatch(request, isPublic ? publicData : undefined);
  }, [document, key, isPublic, pause]);
  const state = useSyncExternalStore(watch.subscribe, watch.getSnapshot, watch.getSnapshot);
  return { ...state, refetch: watch.refetch };
}

// prefetch sends a query whose response a next page will show.
export function prefetch<Data, Variables extends AnyVariables>(document: AppDocument<Data, Variables>, variables: Variables, isPublic = false) {
  client.executeQuery(createRequest(document, variables), isPublic ? publicData : undefined).toPromise();
}
