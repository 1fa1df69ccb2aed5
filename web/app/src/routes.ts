// The routes, which routes.json lists for the server too: the pattern of the path in the form of Go's ServeMux, the
// folder of the page, and the document of the first paint with the source of its variables.
import list from "./routes.json";

export type VariableSource = {
  readonly from: "path" | "query";
  readonly name: string;
  readonly type: "string" | "int" | "float" | "boolean" | "strings";
  readonly default?: unknown;
};

export interface Route {
  readonly name: string;
  readonly pattern: string;
  readonly page: string;
  readonly document?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly private: boolean;
}

export const routes = list as unknown as readonly Route[];

// wouterPattern returns the pattern in the form of the router: /courses/:slug.
export const wouterPattern = ({ pattern }: Route) => pattern.replace(/\{(\w+)(\.\.\.)?\}/g, (_, name: string, rest?: string) => (rest ? "*" : `:${name}`));

export const findRoute = (name: string) => routes.find((route) => route.name === name)!;

// matchPath returns the route of a path and the parameters in it.
export function matchPath(path: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of routes) {
    const names: string[] = [];
    const source = route.pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
      names.push(name);
      return "([^/]+)";
    });
    const found = new RegExp(`^${source}/?$`).exec(path);
    if (found) return { route, params: Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1]!)])) };
  }
  return undefined;
}

const isSource = (value: unknown): value is VariableSource => typeof value === "object" && value !== null && "from" in value;

function parseValue(texts: readonly string[], type: VariableSource["type"]): unknown {
  const [text = ""] = texts;
  if (type === "strings") return texts;
  if (type === "string") return text;
  if (type === "boolean") return text === "true";
  const number = type === "int" ? Number.parseInt(text, 10) : Number.parseFloat(text);
  return Number.isFinite(number) ? number : undefined;
}

// readVariables returns the variables of the document of a route, as the server computes them for the first paint.
// A parameter that the address does not have leaves its variable out.
export function readVariables<Variables>(route: Route, params: Readonly<Record<string, string | undefined>>, search: URLSearchParams): Variables {
  const variables: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(route.variables ?? {})) {
    if (!isSource(source)) {
      variables[name] = source;
      continue;
    }
    const texts = source.from === "path" ? [params[source.name] ?? ""] : search.getAll(source.name);
    const value = texts.length > 0 ? parseValue(texts, source.type) : source.default;
    if (value !== undefined) variables[name] = value;
  }
  return variables as Variables;
}
