import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: "operations/*.graphql",
  config: { scalars: { DateTime: "string", Decimal: "string" }, strictScalars: true },
  generates: {
    "generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: "sha256" } },
    },
    "generated/possible-types.ts": { plugins: ["fragment-matcher"] },
    "generated/introspection.json": { plugins: ["introspection"], config: { minify: true, descriptions: false } },
  },
};
export default config;
