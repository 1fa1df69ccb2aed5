// The query of the guide on search, as a search field sends it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { send } from "./accounts.mjs";

test("suggestions while typing", async () => {
  const query = await readFile(join(import.meta.dirname, "app/suggest.graphql"), "utf8");
  for (const prefix of ["pyt", "PYTHO", "pythno"]) {
    const { suggest } = await send(query, { prefix });
    assert.ok(suggest.length > 0, `nothing is suggested for ${prefix}`);
    for (const { kind, text, highlight, course, category, instructor } of suggest) {
      assert.equal(highlight.replaceAll(/<\/?mark>/g, ""), text.replaceAll("&", "&amp;"));
      assert.equal(Boolean(course ?? category ?? instructor), kind !== "TAG", `the object of ${kind} ${text}`);
    }
  }
});
