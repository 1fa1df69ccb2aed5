// Code that sends an operation, in several languages. Tokens are never part of it: it reads them from TOKEN.

// targets are the languages and libraries, each with a function of { url, body, query, variables, signedIn }:
// body is the object to send, which has a query or a documentId.
export const targets = {
  curl: { label: "curl", generate: curl },
  fetch: { label: "fetch", generate: fetchCode },
  apollo: { label: "Apollo", generate: apollo },
  urql: { label: "urql", generate: urql },
  swift: { label: "Swift", generate: swift },
  kotlin: { label: "Kotlin", generate: kotlin },
};

const indent = (text, by) => text.replace(/\n/g, `\n${by}`);
const json = (value, by = "") => indent(JSON.stringify(value, null, 2), by);

// quoteShell returns a text as one word of a POSIX shell.
const quoteShell = (text) => `'${text.replace(/'/g, `'\\''`)}'`;

// quoteTemplate returns a text as a template literal of JavaScript.
const quoteTemplate = (text) => `\`${text.replace(/[\\`]|\$\{/g, "\\$&")}\``;

function curl({ url, body, signedIn }) {
  return [
    `curl ${quoteShell(url)} \\`,
    "  -H 'Content-Type: application/json' \\",
    ...(signedIn ? ['  -H "Authorization: Bearer $TOKEN" \\'] : []),
    `  -d ${quoteShell(JSON.stringify(body, null, 2))}`,
  ].join("\n");
}

// jsBody returns the body as an object literal, with its query as a template literal.
function jsBody(body, by) {
  const { query, ...rest } = body;
  const lines = Object.entries(rest).map(([name, value]) => `${by}  ${name}: ${json(value, `${by}  `)},`);
  if (query) lines.unshift(`${by}  query: ${quoteTemplate(query)},`);
  return `{\n${lines.join("\n")}\n${by}}`;
}

function fetchCode({ url, body, signedIn }) {
  return `const response = await fetch(${JSON.stringify(url)}, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",${signedIn ? "\n    Authorization: `Bearer ${TOKEN}`," : ""}
  },
  body: JSON.stringify(${jsBody(body, "  ")}),
});
const { data, errors } = await response.json();
console.log(errors ?? data);`;
}

const isMutation = (query) => /^\s*mutation\b/m.test(query);

function apollo({ url, query, variables, operationName, signedIn }) {
  const method = isMutation(query) ? "mutate" : "query";
  const document = isMutation(query) ? "mutation" : "query";
  return `import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";

const client = new ApolloClient({
  link: new HttpLink({
    uri: ${JSON.stringify(url)},${signedIn ? "\n    headers: { Authorization: `Bearer ${TOKEN}` }," : ""}
  }),
  cache: new InMemoryCache(),
});

const ${operationName || "operation"} = gql${quoteTemplate(query)};

const { data } = await client.${method}({
  ${document}: ${operationName || "operation"},
  variables: ${json(variables, "  ")},
});
console.log(data);`;
}

function urql({ url, query, variables, operationName, signedIn }) {
  const method = isMutation(query) ? "mutation" : "query";
  return `import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";

const client = new Client({
  url: ${JSON.stringify(url)},
  exchanges: [cacheExchange, fetchExchange],
  preferGetMethod: false,${signedIn ? "\n  fetchOptions: { headers: { Authorization: `Bearer ${TOKEN}` } }," : ""}
});

const ${operationName || "operation"} = gql${quoteTemplate(query)};

const { data, error } = await client.${method}(${operationName || "operation"}, ${json(variables)});
console.log(error ?? data);`;
}

// quoteSwift returns a text as a raw multi-line string; it has as many # as the text needs.
function quoteSwift(text, by) {
  let fence = "#";
  while (text.includes(`"""${fence}`) || text.includes(`\\${fence}`)) fence += "#";
  return `${fence}"""\n${by}${indent(text, by)}\n${by}"""${fence}`;
}

function swift({ url, body, signedIn }) {
  return `import Foundation

var request = URLRequest(url: URL(string: ${JSON.stringify(url)})!)
request.httpMethod = "POST"
request.setValue("application/json", forHTTPHeaderField: "Content-Type")
${signedIn ? 'request.setValue("Bearer \\(token)", forHTTPHeaderField: "Authorization")\n' : ""}request.httpBody = Data(${quoteSwift(JSON.stringify(body, null, 2), "    ")}.utf8)

let (data, _) = try await URLSession.shared.data(for: request)
print(String(decoding: data, as: UTF8.self))`;
}

// quoteKotlin returns a text as a string literal with escapes: raw strings of Kotlin interpolate $.
const quoteKotlin = (text) => JSON.stringify(text).replace(/\$/g, "\\$");

function kotlin({ url, body, signedIn }) {
  const lines = JSON.stringify(body, null, 2).split("\n").map((line) => quoteKotlin(line)).join(",\n    ");
  return `import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse

val body = listOf(
    ${lines},
).joinToString("\\n")

val request = HttpRequest.newBuilder(URI(${quoteKotlin(url)}))
    .header("Content-Type", "application/json")${signedIn ? '\n    .header("Authorization", "Bearer $token")' : ""}
    .POST(HttpRequest.BodyPublishers.ofString(body))
    .build()

val response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString())
println(response.body())`;
}
