import type { CombinedError } from "@urql/core";
import type { CourseCardFragment, SearchPageFragment } from "../generated/types";

export interface PageResult {
  readonly page: SearchPageFragment | undefined;
  readonly error: CombinedError | undefined;
}

export type FetchPage = (after: string) => Promise<PageResult>;

interface LaterPage {
  readonly after: string;
  readonly start: number; // the index of its first course
  readonly size: number;
  readonly courses: readonly CourseCardFragment[] | undefined; // undefined while it is scrolled away
}

export interface LaterState {
  readonly pages: readonly LaterPage[];
  readonly end: string | null | undefined; // the cursor of the next page; undefined before the second, null after the last
  readonly loading: boolean;
  readonly error: CombinedError | undefined;
}

// countCourses returns the number of courses of the pages after the first.
export function countCourses({ pages }: LaterState) {
  const last = pages.at(-1);
  return last ? last.start + last.size : 0;
}

// findCourse returns a course by its index after the first page; undefined if its page has no data now. It is a
// function of the state, so that components that hold its result notice a change.
export function findCourse({ pages }: LaterState, index: number) {
  const page = pages.find(({ start, size }) => index >= start && index < start + size);
  return page?.courses?.[index - page.start];
}

const margin = 150; // courses on each side of the visible ones whose data stay in memory

// LaterPages are the pages of a list after the first. Pages far from the visible part drop their data, and fetch them
// again when they come near, so the memory of a long list does not grow.
export class LaterPages {
  #state: LaterState = { pages: [], end: undefined, loading: false, error: undefined };
  readonly #fetchPage: FetchPage;
  readonly #listeners = new Set<() => void>();
  readonly #fetching = new Set<string>();

  constructor(fetchPage: FetchPage) {
    this.#fetchPage = fetchPage;
  }

  getSnapshot = () => this.#state;

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  // loadNext fetches the page after the last one. firstEnd is the cursor at the end of the first page.
  async loadNext(firstEnd: string) {
    const after = this.#state.end ?? firstEnd;
    if (this.#state.loading || this.#state.end === null) return;
    this.#set({ loading: true, error: undefined });
    const { page, error } = await this.#fetchPage(after);
    if (!page) {
      this.#set({ loading: false, error });
      return;
    }
    const courses = page.edges.map(({ node }) => node);
    this.#set({
      loading: false,
      end: page.pageInfo.hasNextPage ? page.pageInfo.endCursor ?? null : null,
      pages: [...this.#state.pages, { after, start: countCourses(this.#state), size: courses.length, courses }],
    });
  }

  // show drops the data of pages far from the visible courses, and fetches those that are missing near them.
  show(from: number, to: number) {
    const isNear = ({ start, size }: LaterPage) => start + size >= from - margin && start <= to + margin;
    for (const page of this.#state.pages) {
      if (isNear(page) && !page.courses) void this.#restore(page.after);
    }
    if (this.#state.pages.some((page) => page.courses && !isNear(page))) {
      this.#set({ pages: this.#state.pages.map((page) => (page.courses && !isNear(page) ? { ...page, courses: undefined } : page)) });
    }
  }

  async #restore(after: string) {
    if (this.#fetching.has(after)) return;
    this.#fetching.add(after);
    const { page } = await this.#fetchPage(after);
    this.#fetching.delete(after);
    if (!page) return;
    const courses = page.edges.map(({ node }) => node);
    this.#set({ pages: this.#state.pages.map((each) => (each.after === after ? { ...each, courses: courses.slice(0, each.size) } : each)) });
  }

  #set(change: Partial<LaterState>) {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
