import { expect, test } from "vitest";
import { formatCompact, formatCount, formatDuration, formatMoney, formatTime } from "./format";

test("money, durations and counts", () => {
  expect([formatMoney("49.90", "USD"), formatMoney("0.00", "USD")]).toEqual(["$49.90", "Free"]);
  expect([formatDuration(45), formatDuration(720), formatDuration(3600), formatDuration(45_000)]).toEqual(["45s", "12m", "1h", "12h 30m"]);
  expect([formatTime(307), formatTime(3723)]).toEqual(["5:07", "1:02:03"]);
  expect([formatCount(1, "course"), formatCount(2000, "course"), formatCompact(1234)]).toEqual(["1 course", "2,000 courses", "1.2K"]);
});
