import { expect, test } from "vitest";
import { readNext } from "./next-path";

test("only paths of this site follow a sign-in", () => {
  const read = (next: string) => readNext(new URLSearchParams({ next }));
  expect([read("/courses/go?a=1#b"), read("/learn/go?video=a%2Fb"), read("")]).toEqual(["/courses/go?a=1#b", "/learn/go?video=a%2Fb", "/"]);
  for (const next of [
    "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n\\evil.example", "\t//evil.example", "/.//evil.example", "/a/..//evil.example",
    "https://evil.example", "https:evil.example", "https:/\\evil.example", "javascript:alert(1)", "data:text/html,x", "http://[",
  ]) {
    const path = read(next);
    expect(new URL(path, "https://7p.example").origin, next).toBe("https://7p.example");
    expect(path, next).toMatch(/^\/(?!\/)/);
  }
});
