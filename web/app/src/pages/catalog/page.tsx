import { lazy, useDeferredValue, useEffect } from "react";
import { useSearchParams } from "wouter";
import { publicData, uncachedClient } from "../../api/client";
import { CourseBrowser } from "../../browse/course-browser";
import { catalogSorts, hasFilters } from "../../browse/filters";
import { useLast } from "../../browse/use-last";
import { CatalogMoreDocument } from "../../generated/catalog";
import type { CatalogPageQueryVariables } from "../../generated/types";
import type { PageProps } from "../../pages";
import { readVariables } from "../../routes";
import { useCatalog } from "../../state/courses";
import { useAppStore } from "../../state/store";
import { PageFrame } from "../../ui/page";

const StoredCourses = lazy(() => import("./stored-courses"));

const pageSize = 48; // of the pages after the first

export default function CatalogPage({ route, params }: PageProps) {
  const [search] = useSearchParams();
  const listed = useDeferredValue(search); // the filters respond before the list does
  const variables = readVariables<CatalogPageQueryVariables>(route, params, listed);
  const { data, error, refetch } = useCatalog(variables);
  const { value: result, key } = useLast(data?.searchCourses, listed.toString());
  const isWhole = !hasFilters(listed) && !listed.has("sort");

  useEffect(() => {
    if (!data || !isWhole) return;
    const { edges, totalCount } = data.searchCourses;
    useAppStore.getState().storeCourses(edges.map(({ node }) => node), { page: 1, limit: edges.length, total: totalCount });
  }, [data, isWhole]);

  async function fetchPage(after: string) {
    const { data: more, error: moreError } = await uncachedClient.query(CatalogMoreDocument, { ...variables, first: pageSize, after }, publicData).toPromise();
    return { page: more?.searchCourses, error: moreError };
  }

  if (error?.networkError && !result) return <StoredCourses error={error} onRetry={refetch} />;
  return (
    <PageFrame title="Courses" heading="Find your next course" intro="Learn at your own pace from people who do this work every day.">
      <CourseBrowser result={result} error={error} updating={!data || listed !== search} queryKey={key} sorts={catalogSorts} fetchPage={fetchPage} onRetry={refetch} />
    </PageFrame>
  );
}
