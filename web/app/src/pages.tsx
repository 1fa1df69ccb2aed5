import { type ComponentType, lazy } from "react";
import type { Route } from "./routes";

// PageProps are what each page receives: its route, and the parameters of the path.
export interface PageProps {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

type Page = ComponentType<PageProps>;
export type PageModule = { readonly default: Page };

const publicPages = import.meta.glob<PageModule>("./pages/{catalog,course,search,sign-in,sign-up,wishlist}/page.tsx");
const loaded = new Map<string, Page>();

// load loads a page. The others are listed in a chunk of their own, because the first page does not need the list.
async function load(page: string) {
  const path = `./pages/${page}/page.tsx`;
  const pages = publicPages[path] ? publicPages : (await import("./other-pages")).otherPages;
  return pages[path]!();
}

// preloadPage loads the chunk of a page, so that it renders without a fallback.
export async function preloadPage(page: string) {
  if (!loaded.has(page)) loaded.set(page, (await load(page)).default);
}

// getPage returns the component of a page, which suspends if its chunk is not there yet.
export function getPage(page: string): Page {
  if (!loaded.has(page)) loaded.set(page, lazy(() => load(page)));
  return loaded.get(page)!;
}
