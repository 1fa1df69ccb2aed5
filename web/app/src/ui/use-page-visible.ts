import { useSyncExternalStore } from "react";

function subscribe(listener: () => void) {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

// usePageVisible reports whether the page can be seen. A hidden page needs no live data.
export const usePageVisible = () => useSyncExternalStore(subscribe, () => document.visibilityState === "visible", () => true);
