import { Suspense, useEffect, useRef } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { getPage } from "./pages";
import { type Route as AppRoute, routes, wouterPattern } from "./routes";
import { useAppStore, useUser } from "./state/store";
import { ErrorBoundary } from "./ui/error-boundary";
import { OfflineBar } from "./ui/offline-bar";
import { PageFrame } from "./ui/page";
import { SiteHeader } from "./ui/site-header";
import { SkeletonLines } from "./ui/skeleton";
import { Toasts } from "./ui/toast";
import { usePerformanceMonitoring } from "./vitals/use-performance-monitoring";

const NotFound = () => (
  <PageFrame title="Page not found" intro="The link may be old, or mistyped." narrow>
    <Link href="/" className="button button-primary">All courses</Link>
  </PageFrame>
);

const Loading = () => <main id="main" className="page" tabIndex={-1}><SkeletonLines count={6} /></main>;

// PageView shows the page of a route. Private ones lead visitors to the sign-in and back.
function PageView({ route, params }: { readonly route: AppRoute; readonly params: Record<string, string> }) {
  const user = useUser();
  const [path] = useLocation();
  if (route.private && !user) return <Redirect to={`/sign-in?next=${encodeURIComponent(path)}`} replace />;
  const Page = getPage(route.page);
  return <Page route={route} params={params} />;
}

// useScrollAndFocus begins each new page at its top, and moves the focus there, which screen readers announce. A page
// that the history returns to has been visited: the browser restores its place.
function useScrollAndFocus() {
  const [path] = useLocation();
  const opened = useRef(path);
  useEffect(() => {
    const { visited } = (history.state ?? {}) as { visited?: boolean };
    if (!visited) history.replaceState({ ...history.state, visited: true }, "");
    if (visited || opened.current === path) return;
    opened.current = "";
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
}

function useTheme() {
  const theme = useAppStore((state) => state.theme);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
}

export function App() {
  usePerformanceMonitoring();
  useScrollAndFocus();
  useTheme();
  const [path] = useLocation();
  return (
    <>
      <SiteHeader />
      <OfflineBar />
      <ErrorBoundary key={path}>
        <Suspense fallback={<Loading />}>
          <Switch>
            {routes.map((route) => (
              <Route key={route.name} path={wouterPattern(route)}>
                {(params) => <PageView route={route} params={params as Record<string, string>} />}
              </Route>
            ))}
            <Route><NotFound /></Route>
          </Switch>
        </Suspense>
      </ErrorBoundary>
      <Toasts />
    </>
  );
}
