import { expect, test } from "vitest";
import { type FetchPage, LaterPages, countCourses, findCourse } from "./later-pages";

const size = 100;

// createSource returns pages of 100 courses each, and what was fetched.
function createSource(pageCount: number) {
  const fetched: string[] = [];
  const fetchPage: FetchPage = async (after) => {
    fetched.push(after);
    const index = Number(after);
    const edges = Array.from({ length: size }, (_, i) => ({ node: { id: `${index * size + i}` } }));
    return { page: { totalCount: pageCount * size, edges, pageInfo: { hasNextPage: index < pageCount - 1, endCursor: String(index + 1) } } as never, error: undefined };
  };
  return { fetched, fetchPage };
}

test("pages follow each other until the last", async () => {
  const { fetched, fetchPage } = createSource(2);
  const pages = new LaterPages(fetchPage);
  await pages.loadNext("0");
  await pages.loadNext("0");
  await pages.loadNext("0");
  expect(fetched).toEqual(["0", "1"]);
  expect(countCourses(pages.getSnapshot())).toBe(200);
  expect(findCourse(pages.getSnapshot(), 150)?.id).toBe("150");
});

test("pages far from the screen drop their data, and fetch them again", async () => {
  const { fetched, fetchPage } = createSource(10);
  const pages = new LaterPages(fetchPage);
  for (let i = 0; i < 10; i++) await pages.loadNext("0");
  pages.show(900, 920);
  expect(findCourse(pages.getSnapshot(), 0)).toBeUndefined();
  expect(findCourse(pages.getSnapshot(), 800)?.id).toBe("800");
  expect(countCourses(pages.getSnapshot())).toBe(1000);
  pages.show(0, 20);
  await Promise.resolve();
  await Promise.resolve();
  expect(findCourse(pages.getSnapshot(), 10)?.id).toBe("10");
  expect(fetched.filter((after) => after === "0")).toHaveLength(2);
});

test("a failed page can be fetched again", async () => {
  let attempts = 0;
  const { fetchPage } = createSource(1);
  const pages = new LaterPages(async (after) => (attempts++ === 0 ? { page: undefined, error: new Error() as never } : fetchPage(after)));
  await pages.loadNext("0");
  expect(pages.getSnapshot()).toMatchObject({ loading: false, pages: [] });
  await pages.loadNext("0");
  expect(countCourses(pages.getSnapshot())).toBe(100);
});
