import { expect, test } from "vitest";
import { moveTo, step, toOrder, toRows } from "./order";

const video = (id: string, section?: string) => ({ id, section: section ? { id: section } : null });
const rows = toRows([{ id: "A" }, { id: "B" }, { id: "C" }], [video("1"), video("2", "A"), video("3", "A"), video("4", "C")]);
const text = (list: typeof rows) => list.map(({ id }) => id).join("");

test("rows follow sections, and videos without one come first", () => {
  expect(text(rows)).toBe("1A23BC4");
  expect(toOrder(rows)).toEqual({ videoIds: ["1", "2", "3", "4"], sectionIds: [null, "A", "A", "C"], sections: ["A", "B", "C"] });
});

test("a video moves to any row, and joins the section above it", () => {
  expect(text(moveTo(rows, "2", "B"))).toBe("1A3B2C4");
  expect(toOrder(moveTo(rows, "2", "B")).sectionIds).toEqual([null, "A", "B", "C"]);
  expect(text(moveTo(rows, "4", "1"))).toBe("41A23BC");
});

test("a section takes its videos along, below the videos without a section", () => {
  expect(text(moveTo(rows, "A", "C"))).toBe("1BC4A23");
  expect(text(moveTo(rows, "C", "3"))).toBe("1C4A23B");
  expect(text(moveTo(rows, "C", "1"))).toBe("1C4A23B");
});

test("a step passes one row, or one section", () => {
  expect(text(step(rows, "3", 1))).toBe("1A2B3C4");
  expect(text(step(rows, "A", 1))).toBe("1BA23C4");
  expect(text(step(rows, "B", -1))).toBe("1BA23C4");
  expect(step(rows, "1", -1)).toBe(rows);
  expect(step(rows, "C", 1)).toBe(rows);
  expect(step(rows, "A", -1)).toEqual(rows);
});
