import type { AnyVariables, CombinedError } from "@urql/core";
import { useState } from "react";
import { client } from "./client";
import type { AppDocument } from "./document";
import { useQuery } from "./query";

interface Connection<Edge> {
  readonly edges: readonly Edge[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

interface Further<Data, Edge> extends Connection<Edge> {
  readonly of: Data; // the first page that they follow
}

// usePages returns the edges of a list whose further pages are loaded on demand. A new response to the first page,
// after a mutation, starts the list again.
export function usePages<Data, Variables extends AnyVariables & { after?: string | null }, Edge>(
  document: AppDocument<Data, Variables>, variables: Variables, select: (data: Data) => Connection<Edge> | null | undefined,
) {
  const { data, error, fetching, refetch } = useQuery(document, variables);
  const [further, setFurther] = useState<Further<Data, Edge>>();
  const [loadingMore, setLoadingMore] = useState(false);
  const [moreError, setMoreError] = useState<CombinedError>();
  const first = data && select(data);
  const rest = further && further.of === data ? further : undefined;
  const pageInfo = (rest ?? first)?.pageInfo;

  async function loadMore() {
    if (!data || !pageInfo?.hasNextPage || loadingMore) return;
    setLoadingMore(true);
    const next = await client.query(document, { ...variables, after: pageInfo.endCursor }).toPromise();
    const page = next.data && select(next.data);
    if (page) setFurther({ of: data, edges: [...(rest?.edges ?? []), ...page.edges], pageInfo: page.pageInfo });
    setMoreError(next.error);
    setLoadingMore(false);
  }

  return {
    data, fetching, refetch, loadMore, loadingMore,
    error: error ?? moreError,
    edges: [...(first?.edges ?? []), ...(rest?.edges ?? [])],
    hasMore: pageInfo?.hasNextPage ?? false,
  };
}
