import { expect, test } from "vitest";
import { readNext } from "./next-path";

test("only paths of this site follow a sign-in", () => {
  const read = (next: string) => readNext(new URLSearchParams({ next }));
  expect([read("/courses/go?a=1"), read("//evil.example"), read("/\\evil.example"), read("https://evil.example"), read("")])
    .toEqual(["/courses/go?a=1", "/", "/", "/", "/"]);
});
