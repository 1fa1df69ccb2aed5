import { join } from "node:path";
import babel from "@rolldown/plugin-babel";
import react, { reactCompilerPreset } from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const root = import.meta.dirname;
const server = process.env.SERVER ?? "http://localhost:8080"; // of the API, for `npm run dev`

// In the lite build, preact stands for React. It needs no compiler: its components are small anyway.
const preact = [
  { find: "react/jsx-runtime", replacement: "preact/jsx-runtime" },
  { find: "react-dom/client", replacement: "preact/compat/client" },
  { find: /^react(-dom)?$/, replacement: "preact/compat" },
];

// The compiler memoizes pages and lists. The small components of src/ui get new props with each rendering, so that it
// would only add 2 kB to the first page. Forms render when they are sent; it would add a third to their chunks.
const compiler = babel({ presets: [reactCompilerPreset()], exclude: [/node_modules/, /\/src\/(app\.|ui\/|charts\/|pages\/(account|admin|studio))/] });

// What the first page shares with others.
const firstPage = new RegExp([
  "node_modules/(@urql|wonka|wouter|regexparam|zustand)/", "vite/preload-helper", "/src/(api/(?!live|use-pages)|state|routes|generated/enroll)",
  "/src/vitals/documents", "/src/ui/(button|class-names|course-card|empty|error-notice|format|page|picture|rating|skeleton|toast|use-online|when-idle)\\.",
].join("|"));

// What the other pages share: parts with few bytes each, and what the signed-in ones need besides.
const parts = /\/src\/ui\/(avatar|card|confirm-dialog|dialog|field|form-notice|price|progress-bar|tabs)\./;
const signedIn = /\/src\/(api\/(live|use-pages)|charts\/|ui\/(more-button|use-page-visible)|pages\/studio\/status-badge)/;

// urql checks the kind of an operation by its text, in development only. Our documents have no text.
const urqlWithoutChecks = {
  name: "urql-without-checks",
  apply: "serve",
  transform: (code, id) => (id.includes("/@urql/core/") ? code.replaceAll("process.env.NODE_ENV", "\"production\"") : undefined),
};

// The router needs no documents, and the variables of public pages only: the server reads the others from the manifest.
const routesOfRouter = {
  name: "routes-of-router",
  enforce: "pre",
  transform: (code, id) => (id.endsWith("/src/routes.json")
    ? JSON.stringify(JSON.parse(code).map(({ document, variables, ...route }) => (route.private ? route : { ...route, variables })))
    : undefined),
};

// pageName returns the name of the chunk of a page: course, for src/pages/course/page.tsx.
const pageName = (id) => /\/pages\/([\w-]+)\/page\.tsx$/.exec(id ?? "")?.[1];

export default defineConfig(({ mode }) => ({
  root,
  plugins: [routesOfRouter, react(), ...(mode === "lite" ? [] : [compiler, urqlWithoutChecks])],
  optimizeDeps: { exclude: ["@urql/core"] },
  resolve: {
    alias: [
      { find: "@0no-co/graphql.web", replacement: join(root, "src/api/no-parser.ts") },
      { find: /^use-sync-external-store\/shim.*/, replacement: join(root, "src/api/external-store.ts") },
      ...(mode === "lite" ? preact : []),
    ],
  },
  server: { proxy: Object.fromEntries(["/graphql", "/session", "/vitals", "/covers", "/media"].map((path) => [path, server])) },
  build: {
    outDir: mode === "lite" ? "../dist-lite" : "../dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { app: join(root, "src/main.tsx") },
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: (chunk) => `assets/${pageName(chunk.facadeModuleId) ?? "[name]"}-[hash].js`,
        assetFileNames: "assets/[name]-[hash][extname]",
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler|preact)\//, priority: 2 },
            // One file, so that the first page makes few requests.
            { name: "kit", test: firstPage, minShareCount: 2, priority: 1 },
            { name: "parts", test: parts, minShareCount: 2, priority: 1 },
            { name: "signed-in", test: signedIn, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
}));
