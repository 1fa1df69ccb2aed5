// Builds both forms of the app, ../dist with React and ../dist-lite with preact: the assets with compressed forms
// beside them, manifest.json for the server, and documents.json. The same sources give the same bytes.
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const root = join(import.meta.dirname, "..");
const routes = JSON.parse(readFileSync(join(root, "src/routes.json"), "utf8"));

const minBytes = 1_000; // smaller files are not compressed
const maxRatio = 0.8; // compressed forms that save less are dropped

const compressions = {
  ".br": (body) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
  ".gz": (body) => gzipSync(body, { level: 9 }),
};

function compress(dir) {
  for (const name of readdirSync(dir)) {
    const body = readFileSync(join(dir, name));
    if (body.length <= minBytes || ![".js", ".css", ".svg"].includes(extname(name))) continue;
    for (const [extension, run] of Object.entries(compressions)) {
      const compressed = run(body);
      if (compressed.length < body.length * maxRatio) writeFileSync(join(dir, name + extension), compressed);
    }
  }
}

// collectImports returns the files that a chunk imports statically, without those of `seen`.
function collectImports(chunks, key, seen = new Set([key])) {
  const found = [];
  for (const imported of chunks[key].imports ?? []) {
    if (seen.has(imported)) continue;
    seen.add(imported);
    found.push(imported, ...collectImports(chunks, imported, seen));
  }
  return found;
}

// createManifest describes the build to the server: the files of all pages, and those of each route.
function createManifest(chunks) {
  const entryKey = "src/main.tsx";
  const entry = chunks[entryKey];
  const shared = collectImports(chunks, entryKey);
  return {
    entry: { js: entry.file, css: entry.css[0], preload: shared.map((key) => chunks[key].file) },
    routes: routes.map(({ page, ...route }) => {
      const key = `src/pages/${page}/page.tsx`;
      if (!chunks[key]) throw new Error(`page not found: ${key}`);
      const own = collectImports(chunks, key, new Set([key, entryKey, ...shared]));
      return {
        ...route,
        chunk: chunks[key].file,
        preload: [...(entry.dynamicImports.includes(key) ? [] : [chunks["src/other-pages.ts"].file]), ...own.map((each) => chunks[each].file)],
        css: [key, ...own].flatMap((each) => chunks[each].css ?? []),
      };
    }),
  };
}

for (const [mode, name] of [["production", "dist"], ["lite", "dist-lite"]]) {
  process.env.NODE_ENV = "production";
  await build({ configFile: join(root, "vite.config.mjs"), mode, logLevel: "warn" });
  const dist = join(root, "..", name);
  const chunks = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
  rmSync(join(dist, ".vite"), { recursive: true });
  compress(join(dist, "assets"));
  writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(createManifest(chunks), null, 2)}\n`);
  copyFileSync(join(root, "src/generated/documents.json"), join(dist, "documents.json"));
}
