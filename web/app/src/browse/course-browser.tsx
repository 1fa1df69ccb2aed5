import type { CombinedError } from "@urql/core";
import { type ComponentType, type ReactNode, startTransition, useCallback, useRef, useState, useSyncExternalStore } from "react";
import { useSearchParams } from "wouter";
import type { FacetsFragment, SearchPageFragment } from "../generated/types";
import { Button } from "../ui/button";
import { Empty } from "../ui/empty";
import { ErrorNotice } from "../ui/error-notice";
import { formatCount } from "../ui/format";
import { SkeletonCard } from "../ui/skeleton";
import { CourseGrid, type CourseGridProps, NearEnd } from "./course-grid";
import { FilterPanel } from "./filter-panel";
import { type SortOption, hasFilters, listChoices, readSort, withSort, withoutFilters } from "./filters";
import { type FetchPage, LaterPages, countCourses, findCourse } from "./later-pages";
import { useEnroll } from "./use-enroll";

type Result = SearchPageFragment & { readonly facets: FacetsFragment };

interface CourseBrowserProps {
  readonly result: Result | undefined; // the first page
  readonly error: CombinedError | undefined;
  readonly updating: boolean; // the result is of the filters before
  readonly queryKey: string; // changes with the filters and the order
  readonly sorts: readonly SortOption[];
  readonly fetchPage: FetchPage;
  readonly onRetry: () => void;
  readonly notice?: ReactNode;
}

const skeletons = 12;
const pending = 36; // skeletons of the next page; less than a page, so that the end of the list stays out of sight
const longFrom = 100; // courses; shorter lists stay whole, so that the browser finds text in them

const SkeletonGrid = () => (
  <div className="course-grid" role="status" aria-label="Loading courses">{Array.from({ length: skeletons }, (_, i) => <SkeletonCard key={i} />)}</div>
);

interface CourseListProps extends Pick<CourseBrowserProps, "fetchPage"> {
  readonly result: Result;
}

// CourseList has the courses of one query. Another query is another CourseList.
function CourseList({ result, fetchPage }: CourseListProps) {
  const { enroll, stateOf } = useEnroll();
  const [pages] = useState(() => new LaterPages(fetchPage));
  const list = useRef<HTMLDivElement>(null);
  const [Grid, setGrid] = useState<ComponentType<CourseGridProps>>(() => CourseGrid);
  const state = useSyncExternalStore(pages.subscribe, pages.getSnapshot, pages.getSnapshot);
  const { edges, pageInfo, totalCount } = result;
  const first = edges.length;
  const hasNext = state.end === undefined ? pageInfo.hasNextPage : state.end !== null;
  const loaded = first + countCourses(state);
  const count = hasNext && !state.error ? Math.min(totalCount, loaded + pending) : loaded;

  const loadNext = useCallback(async () => {
    if (!pageInfo.hasNextPage || !pageInfo.endCursor) return;
    if (totalCount > longFrom) {
      const { default: VirtualGrid } = await import("./virtual-grid");
      startTransition(() => setGrid(() => VirtualGrid)); // in parts, between which the page responds
    }
    await pages.loadNext(pageInfo.endCursor);
  }, [pages, pageInfo, totalCount]);
  const show = useCallback((from: number, to: number) => pages.show(from - first, to - first), [pages, first]);

  return (
    <>
      <div className="course-list" ref={list}>
        <Grid count={count} total={totalCount} list={list} getCourse={(index) => edges[index]?.node ?? findCourse(state, index - first)}
          enrollState={stateOf} onEnroll={enroll} onVisible={show} />
        <NearEnd key={loaded} at={loaded / count} onNear={loadNext} />
      </div>
      <div className="list-end" role="status">
        {state.error ? <ErrorNotice error={state.error} onRetry={loadNext} /> : !hasNext && `All ${formatCount(totalCount, "course")} shown`}
      </div>
    </>
  );
}

// CourseBrowser is a list of courses with filters. The address has the filters and the order, so that every list
// has a link.
export function CourseBrowser({ result, error, updating, queryKey, sorts, fetchPage, onRetry, notice }: CourseBrowserProps) {
  const [search, setSearch] = useSearchParams();
  const [filtersOpen, setFiltersOpen] = useState(false);
  const change = (next: URLSearchParams) => setSearch(next, { replace: true });
  const categoryNames = new Map(result?.facets.categories.map(({ category }) => [category.id, category.name]));
  const choices = listChoices(search, categoryNames);

  return (
    <div className="browser">
      <aside className="filters" aria-label="Filters" data-open={filtersOpen}>
        {result && <FilterPanel facets={result.facets} search={search} onChange={change} />}
      </aside>
      <section className="results" aria-label="Courses" aria-busy={updating && !error}>
        <div className="results-bar">
          <p className="results-count" role="status">{result ? formatCount(result.totalCount, "course") : error ? "" : "Loading…"}</p>
          <button type="button" className="button button-secondary filters-toggle" aria-expanded={filtersOpen} onClick={() => setFiltersOpen(!filtersOpen)}>
            Filters{choices.length > 0 && ` (${choices.length})`}
          </button>
          <label className="sort">
            <span>Sort by</span>
            <select className="input" value={readSort(search)} onChange={(event) => change(withSort(search, event.target.value))}>
              {sorts.map(({ value, text }) => <option key={value} value={value}>{text}</option>)}
            </select>
          </label>
        </div>
        {choices.length > 0 && (
          <ul className="choices" aria-label="Filters in use">
            {choices.map(({ key, text, remove }) => (
              <li key={key}><button type="button" className="choice" aria-label={`Remove filter ${text}`} onClick={() => change(remove)}>{text} <span aria-hidden="true">×</span></button></li>
            ))}
            <li><button type="button" className="choice choice-clear" onClick={() => change(withoutFilters(search))}>Clear all</button></li>
          </ul>
        )}
        {notice}
        {error && !result && <ErrorNotice error={error} onRetry={onRetry} />}
        {!result && !error && <SkeletonGrid />}
        {result && result.totalCount === 0 && (
          <Empty title="No courses found">
            <p>{hasFilters(search) ? "No course meets all of these filters." : "Try other words, or fewer of them."}</p>
            {hasFilters(search) && <Button kind="primary" onClick={() => change(withoutFilters(search))}>Clear all filters</Button>}
          </Empty>
        )}
        {result && result.totalCount > 0 && <CourseList key={queryKey} result={result} fetchPage={fetchPage} />}
      </section>
    </div>
  );
}
