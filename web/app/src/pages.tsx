import { type ComponentType, lazy } from "react";
import type { Route } from "./routes";

// PageProps are what each page receives: its route, and the parameters of the path.
export interface PageProps {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

type Page = ComponentType<PageProps>;

const modules = import.meta.glob<{ default: Page }>("./pages/*/page.tsx");
const loaded = new Map<string, Page>();

const load = (page: string) => modules[`./pages/${page}/page.tsx`]!();

// preloadPage loads the chunk of a page, so that it renders without a fallback.
export async function preloadPage(page: string) {
  if (!loaded.has(page)) loaded.set(page, (await load(page)).default);
}

// getPage returns the component of a page, which suspends if its chunk is not there yet.
export function getPage(page: string): Page {
  if (!loaded.has(page)) loaded.set(page, lazy(() => load(page)));
  return loaded.get(page)!;
}
