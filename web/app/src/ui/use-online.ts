import { useSyncExternalStore } from "react";

function subscribe(listener: () => void) {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}

// useOnline reports whether the browser has a network.
export const useOnline = () => useSyncExternalStore(subscribe, () => navigator.onLine, () => true);
