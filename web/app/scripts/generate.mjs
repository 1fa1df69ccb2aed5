// Writes src/generated from the schema and from src/documents: the types of all operations in types.ts, and for
// each file of documents a module with the ids of its operations. documents.json has the texts by their hashes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { Kind, buildASTSchema, concatAST, parse, print, validate, visit } from "graphql";

const root = join(import.meta.dirname, "..");
const documentsDir = join(root, "src/documents");
const generatedDir = join(root, "src/generated");
const schemaDir = join(root, "../../graph/schema");
const notice = "// Written by `npm run generate`. Do not edit.\n";

const readAll = (dir, extension) => readdirSync(dir).filter((name) => name.endsWith(extension)).sort()
  .map((name) => ({ name, text: readFileSync(join(dir, name), "utf8") }));

const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

// addTypenames adds __typename to each object of a response. The document cache finds by it what a mutation changed.
const addTypenames = (document) => visit(document, {
  SelectionSet(node, _key, parent) {
    const isRoot = parent.kind === Kind.OPERATION_DEFINITION;
    const present = node.selections.some((field) => field.kind === Kind.FIELD && field.name.value === "__typename");
    return isRoot || present ? undefined : { ...node, selections: [typename, ...node.selections] };
  },
});

// spreadFragments returns the names of the fragments that a definition uses, also through other fragments.
function spreadFragments(definition, fragments, found = new Set()) {
  visit(definition, {
    FragmentSpread({ name }) {
      if (found.has(name.value)) return;
      if (!fragments.has(name.value)) throw new Error(`fragment not found: ${name.value}`);
      found.add(name.value);
      spreadFragments(fragments.get(name.value), fragments, found);
    },
  });
  return found;
}

const schemaNode = parse(readAll(schemaDir, ".graphqls").map(({ text }) => text).join("\n"));
const schema = buildASTSchema(schemaNode);
const files = readAll(documentsDir, ".graphql").map(({ name, text }) => ({ name, document: addTypenames(parse(text)) }));
const mistakes = validate(schema, concatAST(files.map(({ document }) => document)));
if (mistakes.length > 0) throw new Error(mistakes.map(String).join("\n\n"));

const fragments = new Map(files.flatMap(({ document }) => document.definitions)
  .filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((fragment) => [fragment.name.value, fragment]));

// toText returns the text of an operation with its fragments.
const toText = (operation) => [operation, ...[...spreadFragments(operation, fragments)].sort().map((name) => fragments.get(name))]
  .map(print).join("\n\n");

const types = await codegen({
  filename: "types.ts",
  schema: schemaNode,
  documents: files.map(({ name, document }) => ({ location: name, document })),
  plugins: [{ typescriptOperations: {} }],
  pluginMap: { typescriptOperations },
  config: {
    scalars: { DateTime: "string", Decimal: "string" }, strictScalars: true, skipTypename: false,
    useTypeImports: true, enumType: "string-literal", immutableTypes: true, avoidOptionals: false,
  },
});

rmSync(generatedDir, { recursive: true, force: true });
mkdirSync(generatedDir, { recursive: true });
writeFileSync(join(generatedDir, "types.ts"), notice + types.replace(/[ \t]+$/gm, ""));

const texts = {};
for (const { name, document } of files) {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length === 0) continue;
  const constants = operations.map((operation) => {
    const text = toText(operation);
    const hash = createHash("sha256").update(text).digest("hex");
    const named = operation.name.value;
    const result = named + operation.operation[0].toUpperCase() + operation.operation.slice(1);
    texts[hash] = text;
    return { result, line: `export const ${named}Document = createDocument<${result}, ${result}Variables>("${named}", "${hash}");` };
  });
  const imports = constants.flatMap(({ result }) => [result, `${result}Variables`]).join(", ");
  writeFileSync(join(generatedDir, `${basename(name, ".graphql")}.ts`),
    `${notice}import { createDocument } from "../api/document";\nimport type { ${imports} } from "./types";\n\n`
    + `${constants.map(({ line }) => line).join("\n")}\n`);
}
writeFileSync(join(generatedDir, "documents.json"), `${JSON.stringify(Object.fromEntries(Object.entries(texts).sort()), null, 2)}\n`);
console.log(`${Object.keys(texts).length} documents of ${files.length} files`);
