// relay-compiler compiles operations against the published SDL: connections, refetchable fragments
// through node(id:), mutations. The test then sends them to the server through an environment of Relay.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { signUp } from "./accounts.mjs";
import { createEnvironment } from "./relay/environment.mjs";
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

  const names = (await readdir(join(dir, "out"))).map((file) => file.split(".")[0]).filter((name) => !name.includes("_"));
  assert.deepEqual(names.sort(), ["coursesCourseQuery", "coursesEnrollMutation", "coursesPaginationQuery", "coursesQuery"]);

  const { accessToken } = await signUp();
  let token = "expired";
  const environment = createEnvironment(url, {
    token: async () => token,
    signedIn: () => true,
    refresh: async () => { token = accessToken; return token; },
  });
  const require = createRequire(dir);
  const send = async (name, variables) => {
    const { params } = require(join(dir, "out", `${name}.graphql.js`));
    const { data, errors } = await environment.getNetwork().execute(params, variables, {}).toPromise();
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  };
  const first = (await send("coursesQuery", {})).courses.edges;
  const next = (await send("coursesPaginationQuery", { count: 5, cursor: first[4].cursor })).courses.edges;
  assert.deepEqual(next.map((e) => e.node.id), first.slice(5, 10).map((e) => e.node.id));
  const { node } = await send("coursesCourseQuery", { id: first[0].node.id });
  assert.equal(node.title, first[0].node.title);
  const { enroll } = await send("coursesEnrollMutation", { input: { courseId: node.id } });
  assert.equal(enroll.enrollment.course.id, node.id);
});
