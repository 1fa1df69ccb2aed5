import { expect, test } from "vitest";
import { groupVideos } from "./group-videos";

test("videos are grouped by section, those without one first", () => {
  const sections = [{ id: "s1" }, { id: "s2" }, { id: "empty" }];
  const videos = [{ id: 1, section: null }, { id: 2, section: { id: "s1" } }, { id: 3, section: { id: "s2" } }, { id: 4, section: { id: "s2" } }];
  expect(groupVideos(videos, sections).map(({ section, videos: group }) => [section?.id, group.map(({ id }) => id)])).toEqual([[undefined, [1]], ["s1", [2]], ["s2", [3, 4]]]);
});
