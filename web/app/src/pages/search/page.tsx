import { useDeferredValue } from "react";
import { Link, useSearchParams } from "wouter";
import { publicData, uncachedClient } from "../../api/client";
import { useQuery } from "../../api/query";
import { CourseBrowser } from "../../browse/course-browser";
import { readSort, searchSorts } from "../../browse/filters";
import { useLast } from "../../browse/use-last";
import { SearchMoreDocument, SearchPageDocument } from "../../generated/search";
import type { CourseOrder, SearchPageQueryVariables } from "../../generated/types";
import type { PageProps } from "../../pages";
import { readVariables } from "../../routes";
import { PageFrame } from "../../ui/page";

const pageSize = 48;

// readOrder returns the order of the address, or nothing for the best match first.
function readOrder(search: URLSearchParams): { orderBy?: CourseOrder } {
  const [field, direction] = readSort(search).split(" ");
  return field && direction ? { orderBy: { field, direction } as CourseOrder } : {};
}

export default function SearchPage({ route, params }: PageProps) {
  const [search] = useSearchParams();
  const listed = useDeferredValue(search); // the filters respond before the list does
  const variables = { ...readVariables<SearchPageQueryVariables>(route, params, listed), ...readOrder(listed) };
  const { data, error, refetch } = useQuery(SearchPageDocument, variables, { public: true });
  const { value: result, key } = useLast(data?.searchCourses, listed.toString());
  const query = variables.query;

  async function fetchPage(after: string) {
    const { data: more, error: moreError } = await uncachedClient.query(SearchMoreDocument, { ...variables, first: pageSize, after }, publicData).toPromise();
    return { page: more?.searchCourses, error: moreError };
  }

  const notice = (
    <>
      {result?.didYouMean && <p className="notice">Did you mean <Link href={`/search?q=${encodeURIComponent(result.didYouMean)}`}>{result.didYouMean}</Link>?</p>}
      {result?.relaxed && result.totalCount > 0 && <p className="notice">No course has all of these words. These have some of them.</p>}
    </>
  );
  return (
    <PageFrame title={query ? `Search: ${query}` : "Search"} heading={query ? <>Results for “{query}”</> : "All courses"}>
      <CourseBrowser result={result} error={error} updating={!data || listed !== search} queryKey={key} sorts={searchSorts} fetchPage={fetchPage} onRetry={refetch} notice={notice} />
    </PageFrame>
  );
}
