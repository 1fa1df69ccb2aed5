// Steps about exported code: for curl and fetch it is run, for other targets compared with the operation.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The texts have what shells, JavaScript, Swift and Kotlin treat specially.
const query = `query Tricky($q: String!, $prefix: String = """ a 'quoted' \\"text\\" \`\${x} $HOME """) {
  viewer { email }
  searchSuggestions(prefix: $prefix)
  searchCourses(query: $q, first: 1) { totalCount }
}`;
const variables = { q: `it's "50 %" \\ $(id) \`id\` \${x} """# \\(x)` };

async function codeOf(s, label) {
  await s.page.locator(".targets").getByText(label, { exact: true }).click();
  return s.page.locator(".code-dialog code").innerText();
}

// runFiles runs a program on a file with the code, with the token in the environment.
function runCode(program, name, text, token) {
  const dir = mkdtempSync(join(tmpdir(), "playground-"));
  try {
    const file = join(dir, name);
    writeFileSync(file, text);
    return execFileSync(program, [file], { env: { ...process.env, TOKEN: token }, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

export async function exportsCode(s) {
  await s.write(query, variables);
  const { data, request, sent } = await s.run();
  const token = (await request.headerValue("authorization")).replace("Bearer ", "");
  await s.button("Code").click();
  const code = {};
  for (const label of ["curl", "fetch", "Apollo", "urql", "Swift", "Kotlin"]) {
    code[label] = await codeOf(s, label);
    assert.ok(!code[label].includes(token), `${label} contains the token`);
  }
  await s.screenshot("code");

  assert.deepEqual(JSON.parse(runCode("bash", "operation.sh", code.curl, token)).data, data, "curl");
  const script = `const { TOKEN } = process.env;\n${code.fetch.replace("console.log(errors ?? data)", "console.log(JSON.stringify({ data, errors }))")}`;
  assert.deepEqual(JSON.parse(runCode(process.execPath, "operation.mjs", script, token)).data, data, "fetch");

  for (const label of ["Apollo", "urql"]) checkModule(label, code[label]);
  assert.deepEqual(swiftBody(code.Swift), sent, "Swift");
  assert.deepEqual(kotlinBody(code.Kotlin), sent, "Kotlin");
  for (const [label, header] of [["Swift", '"Bearer \\(token)"'], ["Kotlin", '"Bearer $token"']]) {
    assert.ok(code[label].includes(header), `${label} sends no token`);
  }
  await s.button("Close").click();
}

// checkModule runs code with a client that returns what it was called with.
function checkModule(label, text) {
  const client = `
    const { TOKEN } = process.env;
    const gql = (strings) => strings.join("");
    class Link { constructor(options) { Object.assign(this, options); } }
    const [HttpLink, InMemoryCache, cacheExchange, fetchExchange] = [Link, Link, null, null];
    class Client extends Link {
      query = (a, b) => ({ data: { query: a.query ?? a, variables: a.variables ?? b } });
    }
    const ApolloClient = Client;`;
  const body = `${client}\n${text.replace(/^import .*$/m, "").replace(/console\.log\(.*\)/, "console.log(JSON.stringify(data))")}`;
  assert.deepEqual(JSON.parse(runCode(process.execPath, "operation.mjs", body, "")), { query, variables }, label);
}

function swiftBody(text) {
  const [, fence, lines] = /Data\((#+)"""\n([\s\S]*?)\n {4}"""\1/.exec(text);
  assert.ok(!lines.includes(`\\${fence}`), "an interpolation in Swift");
  return JSON.parse(lines.replace(/^ {4}/gm, ""));
}

function kotlinBody(text) {
  const [, lines] = /listOf\(\n([\s\S]*?),\n\)\.joinToString/.exec(text);
  assert.ok(!/[^\\]\$/.test(lines), "an interpolation in Kotlin");
  return JSON.parse(lines.split(",\n").map((line) => JSON.parse(line.trim().replace(/\\\$/g, "$"))).join("\n"));
}
