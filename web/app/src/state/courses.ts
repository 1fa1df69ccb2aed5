// The selectors of courses. They read the response of the catalogue in the cache of the client, so that no second
// copy of it can be out of date.
import { useQuery } from "../api/query";
import { CatalogPageDocument } from "../generated/catalog";
import type { CatalogPageQueryVariables, CourseCardFragment } from "../generated/types";

export const useCatalog = (variables: CatalogPageQueryVariables) => useQuery(CatalogPageDocument, variables, { public: true });

const firstPage: CatalogPageQueryVariables = { first: 24 };

export const useCourses = (variables = firstPage): readonly CourseCardFragment[] =>
  useCatalog(variables).data?.searchCourses.edges.map(({ node }) => node) ?? [];

export const useCoursesLoading = (variables = firstPage) => useCatalog(variables).fetching;

export const useCoursesError = (variables = firstPage) => useCatalog(variables).error?.message ?? null;

export const useCourse = (id: string, variables = firstPage) => useCourses(variables).find((course) => course.id === id);
