// The code of the guides is code that runs. A block of sh is executed, in order, in a copy of codegen/. Any
// other block is part of the file that the line before it links.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { send } from "./accounts.mjs";
import { base, url } from "./server.mjs";

const run = promisify(execFile);
const here = import.meta.dirname;
const guides = join(here, "../docs/guides");

// readBlocks returns the blocks of code of a guide: language, text, and the file that the line before links.
async function readBlocks(file) {
  const text = await readFile(join(guides, file), "utf8");
  return [...text.matchAll(/^(.*)\n\n```(\S*)\n([^]*?)^```$/gm)].map(([, before, language, code]) => ({
    language, code, source: before.match(/\]\(([^)]+)\):$/)?.[1],
  }));
}

// copyCodegen returns a copy of codegen/ in which programs run without the repository.
async function copyCodegen(t) {
  const dir = await mkdtemp(join(tmpdir(), "guides-"));
  t.after(() => rm(dir, { recursive: true }));
  await cp(join(here, "codegen"), dir, { recursive: true });
  await symlink(join(here, "node_modules"), join(dir, "node_modules"));
  return dir;
}

// load compiles a file of TypeScript and returns its exports.
async function load(file) {
  const outfile = file.replace(/ts$/, "mjs");
  await build({ entryPoints: [file], bundle: true, format: "esm", platform: "node", packages: "external", outfile, logLevel: "error" });
  return import(outfile);
}

test("guides", async (t) => {
  const dir = await copyCodegen(t);
  for (const file of (await readdir(guides)).sort()) {
    await t.test(file, async () => {
      const blocks = await readBlocks(file);
      const fences = (await readFile(join(guides, file), "utf8")).match(/^```/gm)?.length ?? 0;
      assert.equal(blocks.length, fences / 2, "a block has no empty line before it");
      for (const { source, code } of blocks.filter(({ language }) => language !== "sh")) {
        assert.ok(source, `no file is linked before ${code}`);
        assert.ok((await readFile(join(guides, source), "utf8")).includes(code), `${basename(source)} does not contain ${code}`);
      }
      const script = blocks.filter(({ language }) => language === "sh").map(({ code }) => code).join("\n");
      await run("bash", ["-euo", "pipefail", "-c", script.replaceAll("http://localhost:8080", base)], { cwd: dir });
    });
  }

  await t.test("generated code", async () => {
    await run(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", dir]);
    const { courses: { nodes: [{ id, title }] } } = await send("{ courses(first: 1) { nodes { id title } } }");
    const apollo = await load(join(dir, "apollo.ts"));
    const client = apollo.createClient(url);
    assert.equal(await apollo.fetchTitle(client, id), title);
    assert.deepEqual(Object.keys(client.extract()).sort(), [`Course:${id}`, "ROOT_QUERY"]);

    const warnings = [];
    console.warn = (message) => warnings.push(message);
    const graphcache = (await load(join(dir, "graphcache.ts"))).createClient(url);
    const page = (after) => graphcache.query(
      "query Page($after: String) { courses(first: 10, after: $after) { edges { node { id price { amount } } } pageInfo { hasNextPage endCursor } } }",
      { after },
    ).toPromise();
    const first = await page();
    const second = await page(first.data.courses.pageInfo.endCursor);
    assert.equal(second.data.courses.edges.length, 20);
    assert.deepEqual(warnings, []);
  });
});
