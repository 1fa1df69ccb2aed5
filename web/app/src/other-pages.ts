import type { PageModule } from "./pages";

// otherPages are those of signed-in visitors, and those that links in mails open.
export const otherPages = import.meta.glob<PageModule>(["./pages/*/page.tsx", "!./pages/{catalog,course,search,sign-in,sign-up,wishlist}/page.tsx"]);
