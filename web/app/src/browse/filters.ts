import type { FacetsFragment } from "../generated/types";
import { formatDifficulty, formatDuration, formatLanguage } from "../ui/format";

// filterNames are the parameters of the address that restrict a list of courses.
export const filterNames = ["category", "level", "price", "rating", "minDuration", "maxDuration", "language", "tag"] as const;

export type FilterName = (typeof filterNames)[number];

export interface SortOption {
  readonly value: string; // a field and a direction, or nothing for the default
  readonly text: string;
}

export const catalogSorts: readonly SortOption[] = [
  { value: "", text: "Newest" },
  { value: "ENROLLMENTS DESC", text: "Most popular" },
  { value: "RATING DESC", text: "Highest rated" },
  { value: "PRICE ASC", text: "Price: low to high" },
  { value: "PRICE DESC", text: "Price: high to low" },
  { value: "TITLE ASC", text: "Title: A to Z" },
];

export const searchSorts: readonly SortOption[] = [
  { value: "", text: "Best match" },
  { value: "PUBLISHED_AT DESC", text: "Newest" },
  ...catalogSorts.slice(1),
];

export const readSort = (search: URLSearchParams) => [search.get("sort"), search.get("direction")].filter(Boolean).join(" ");

// withSort returns the parameters with another order.
export function withSort(search: URLSearchParams, value: string) {
  const next = new URLSearchParams(search);
  const [field, direction] = value.split(" ");
  next.delete("sort");
  next.delete("direction");
  if (field && direction) {
    next.set("sort", field);
    next.set("direction", direction);
  }
  return next;
}

// withToggled adds a value of a parameter that can have several, or removes it.
export function withToggled(search: URLSearchParams, name: FilterName, value: string) {
  const values = search.getAll(name);
  const next = new URLSearchParams(search);
  next.delete(name);
  const kept = values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
  for (const each of kept) next.append(name, each);
  return next;
}

// withValues sets parameters, and removes those that are null.
export function withValues(search: URLSearchParams, values: Partial<Record<FilterName, string | null>>) {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}

export function withoutFilters(search: URLSearchParams) {
  const next = new URLSearchParams(search);
  for (const name of filterNames) next.delete(name);
  return next;
}

export const hasFilters = (search: URLSearchParams) => filterNames.some((name) => search.has(name));

// formatRange returns the text of a range of durations.
export function formatRange(min: number, max: number | null) {
  if (max === null) return `More than ${formatDuration(min)}`;
  return min === 0 ? `Up to ${formatDuration(max)}` : `${formatDuration(min)} to ${formatDuration(max)}`;
}

export interface Choice {
  readonly key: string;
  readonly text: string;
  readonly remove: URLSearchParams; // the parameters without it
}

const texts: Partial<Record<FilterName, (value: string) => string>> = {
  level: formatDifficulty,
  price: (value) => (value === "FREE" ? "Free" : "Paid"),
  rating: (value) => `★ ${value} and up`,
  language: formatLanguage,
  tag: (value) => `#${value}`,
};

// listChoices returns the filters that are set, in words.
export function listChoices(search: URLSearchParams, categoryNames: ReadonlyMap<string, string>): readonly Choice[] {
  const choices: Choice[] = [];
  for (const name of ["category", "level", "price", "rating", "language", "tag"] as const) {
    for (const value of search.getAll(name)) {
      const text = name === "category" ? categoryNames.get(value) ?? "Category" : texts[name]!(value);
      choices.push({ key: `${name}-${value}`, text, remove: withToggled(search, name, value) });
    }
  }
  const min = search.get("minDuration"), max = search.get("maxDuration");
  if (min !== null || max !== null) {
    const text = formatRange(Number(min ?? 0), max === null ? null : Number(max));
    choices.push({ key: "duration", text, remove: withValues(search, { minDuration: null, maxDuration: null }) });
  }
  return choices;
}

export interface FilterOption {
  readonly key: string;
  readonly text: string;
  readonly count: number | undefined; // of courses that it would find
  readonly checked: boolean;
  readonly toggle: () => URLSearchParams; // returns the parameters after a click
}

export interface FilterGroup {
  readonly title: string;
  readonly type: "checkbox" | "radio"; // several values, or one
  readonly options: readonly FilterOption[];
}

// listGroups returns the filters that a result offers, without groups that have one choice only.
export function listGroups(facets: FacetsFragment, search: URLSearchParams): readonly FilterGroup[] {
  const several = (title: string, name: FilterName, values: readonly { value: string; text: string; count: number }[]): FilterGroup => ({
    title, type: "checkbox",
    options: values.map(({ value, text, count }) =>
      ({ key: value, text, count, checked: search.getAll(name).includes(value), toggle: () => withToggled(search, name, value) })),
  });
  const one = (title: string, all: string, names: readonly FilterName[], choices: readonly { values: readonly (string | null)[]; text: string; count: number }[]): FilterGroup => ({
    title, type: "radio",
    options: [{ values: names.map(() => null), text: all, count: undefined }, ...choices].map(({ values, text, count }) => ({
      key: values.join("-"), text, count,
      checked: names.every((name, i) => search.get(name) === values[i]),
      toggle: () => withValues(search, Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]))),
    })),
  });
  const groups = [
    several("Category", "category", facets.categories.map(({ category, count }) => ({ value: category.id, text: category.name, count }))),
    several("Level", "level", facets.difficulties.map(({ difficulty, count }) => ({ value: difficulty, text: formatDifficulty(difficulty), count }))),
    one("Price", "All prices", ["price"], facets.prices.map(({ price, count }) => ({ values: [price], text: price === "FREE" ? "Free" : "Paid", count }))),
    one("Rating", "All ratings", ["rating"], facets.ratings.map(({ minRating, count }) => ({ values: [String(minRating)], text: `★ ${minRating} and up`, count }))),
    one("Duration", "Any duration", ["minDuration", "maxDuration"], facets.durations.map(({ minDurationSeconds: min, maxDurationSeconds: max, count }) =>
      ({ values: [String(min), max === null || max === undefined ? null : String(max)], text: formatRange(min, max ?? null), count }))),
    several("Language", "language", facets.languages.map(({ language, count }) => ({ value: language, text: formatLanguage(language), count }))),
  ];
  return groups.filter(({ options }) => options.length > 1 || options.some(({ checked, count }) => checked && count !== undefined));
}
