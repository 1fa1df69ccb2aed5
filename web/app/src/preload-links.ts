import { preloadPage } from "./pages";
import { matchPath } from "./routes";

// preloadLinks loads the chunk of a page as soon as the pointer or the focus is on a link to it.
export function preloadLinks() {
  function preload({ target }: Event) {
    const link = target instanceof Element ? target.closest("a") : null;
    if (!link || link.origin !== location.origin) return;
    const page = matchPath(link.pathname)?.route.page;
    if (page) preloadPage(page).catch(() => {}); // the navigation itself reports a failure
  }
  for (const event of ["pointerover", "focusin"]) addEventListener(event, preload, { passive: true });
}
