import { expect, test } from "vitest";
import { parseTime } from "./time";

test.each([["500", 500], ["8:20", 500], ["1:02:03", 3723], ["", undefined], ["8:", undefined], ["a", undefined], ["1:1:1:1", undefined]])(
  "%s", (text, seconds) => expect(parseTime(text)).toBe(seconds));
