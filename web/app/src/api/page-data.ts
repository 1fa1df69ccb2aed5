export type Role = "STUDENT" | "INSTRUCTOR" | "ADMIN";

export interface Viewer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

// DemoAccounts are the public accounts of a demo server.
export interface DemoAccounts {
  readonly emails: readonly string[];
  readonly password: string;
}

// PageData is what the server writes into the HTML: the response to the document of the route, and the viewer.
export interface PageData {
  readonly route?: string;
  readonly document?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly result?: { readonly data?: unknown; readonly errors?: readonly object[] };
  readonly viewer: Viewer | null;
  readonly release: string;
  readonly demoAccounts?: DemoAccounts;
}

const element = typeof document === "undefined" ? null : document.getElementById("page-data");

// fromServer reports whether the server wrote the page. The development server of Vite does not.
export const fromServer = element !== null;

export const pageData: PageData = element
  ? (JSON.parse(element.textContent ?? "{}") as PageData)
  : { viewer: null, release: "development" };
