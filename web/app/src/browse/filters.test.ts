import { expect, test } from "vitest";
import { formatRange, listChoices, listGroups, readSort, withSort, withToggled, withoutFilters } from "./filters";

const params = (text: string) => new URLSearchParams(text);

test("a value is added and removed", () => {
  const added = withToggled(params("q=go&category=a"), "category", "b");
  expect(added.toString()).toBe("q=go&category=a&category=b");
  expect(withToggled(added, "category", "a").getAll("category")).toEqual(["b"]);
});

test("the order is a field and a direction", () => {
  const sorted = withSort(params("q=go"), "PRICE ASC");
  expect(readSort(sorted)).toBe("PRICE ASC");
  expect(withSort(sorted, "").toString()).toBe("q=go");
});

test("clearing the filters leaves the words and the order", () => {
  expect(withoutFilters(params("q=go&sort=PRICE&direction=ASC&level=BEGINNER&minDuration=0")).toString()).toBe("q=go&sort=PRICE&direction=ASC");
});

test("choices are in words, and each can be removed", () => {
  const choices = listChoices(params("category=a&rating=4.5&minDuration=3600&maxDuration=10800"), new Map([["a", "Design"]]));
  expect(choices.map(({ text }) => text)).toEqual(["Design", "★ 4.5 and up", "1h to 3h"]);
  expect(choices.map(({ remove }) => remove.has("category"))).toEqual([false, true, true]);
});

test("ranges of durations", () => {
  expect([formatRange(0, 3600), formatRange(3600, 10800), formatRange(61200, null)]).toEqual(["Up to 1h", "1h to 3h", "More than 17h"]);
});

test("a group with one value has a choice for all", () => {
  const facets = { categories: [], difficulties: [], languages: [], ratings: [], prices: [{ price: "FREE" as const, count: 3 }], durations: [] };
  const price = listGroups(facets as never, params("price=FREE")).find(({ title }) => title === "Price")!;
  expect(price.options.map(({ text, checked, toggle }) => [text, checked, toggle().toString()])).toEqual([["All prices", false, ""], ["Free", true, "price=FREE"]]);
});
