import { expect, test } from "vitest";
import { findRoute, matchPath, readVariables, routes, wouterPattern } from "./routes";

test("a path leads to its route and parameters", () => {
  expect(matchPath("/courses/intro-to-go")).toMatchObject({ route: { name: "course" }, params: { slug: "intro-to-go" } });
  expect(matchPath("/")?.route.name).toBe("catalogue");
  expect(matchPath("/courses")).toBeUndefined();
  expect(matchPath("/courses/a%20b")?.params).toEqual({ slug: "a b" });
});

test("patterns have the form of the router", () => {
  expect(wouterPattern(findRoute("course"))).toBe("/courses/:slug");
});

test("variables come from the address, and absent ones are left out", () => {
  const variables = readVariables(findRoute("catalogue"), {}, new URLSearchParams("category=a&category=b&rating=4.5&minDuration=x&price=FREE"));
  expect(variables).toEqual({ first: 24, categories: ["a", "b"], rating: 4.5, price: "FREE" });
  expect(readVariables(findRoute("search"), {}, new URLSearchParams())).toEqual({ query: "", first: 24 });
});

test("names of routes and of pages are there once", () => {
  expect(new Set(routes.map(({ name }) => name)).size).toBe(routes.length);
});
