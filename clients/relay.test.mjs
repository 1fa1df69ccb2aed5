// relay-compiler compiles operations against the published SDL: connections, refetchable fragments
// through node(id:), mutations. The test then sends its queries to the server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { base, url } from "./server.mjs";

const here = import.meta.dirname;
const run = promisify(execFile);

test("operations compile against the schema, and the server runs them", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "relay-"));
  t.after(() => rm(dir, { recursive: true }));
  await cp(join(here, "relay"), dir, { recursive: true });
  await mkdir(join(dir, "out"));
  await writeFile(join(dir, "schema.graphql"), await (await fetch(`${base}/schema.graphql`)).text());
  await writeFile(join(dir, "relay.config.json"), JSON.stringify({
    src: "./src", schema: "./schema.graphql", language: "javascript", artifactDirectory: "./out", eagerEsModules: false,
  }));
  await run(process.execPath, [join(here, "node_modules/relay-compiler/cli.js"), join(dir, "relay.config.json")], { cwd: dir });

  const text = {};
  for (const file of await readdir(join(dir, "out"))) {
    const found = (await readFile(join(dir, "out", file), "utf8")).match(/"text": ("(?:[^"\\]|\\.)*")/);
    if (found) text[file.split(".")[0]] = JSON.parse(found[1]);
  }
  assert.deepEqual(Object.keys(text).sort(), ["coursesCourseQuery", "coursesEnrollMutation", "coursesPaginationQuery", "coursesQuery"]);

  const send = async (name, variables) => {
    const body = JSON.stringify({ query: text[name], variables });
    const response = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
    assert.equal(response.errors, undefined, JSON.stringify(response.errors));
    return response.data;
  };
  const first = (await send("coursesQuery", {})).courses.edges;
  const next = (await send("coursesPaginationQuery", { count: 5, cursor: first[4].cursor })).courses.edges;
  assert.deepEqual(next.map((e) => e.node.id), first.slice(5, 10).map((e) => e.node.id));
  const { node } = await send("coursesCourseQuery", { id: first[0].node.id });
  assert.equal(node.title, first[0].node.title);
});
