import { useEffect } from "react";
import { useAppStore } from "../state/store";

let started = false;

// usePerformanceMonitoring measures the page once it has loaded, and returns what records other times.
export function usePerformanceMonitoring() {
  const recordApiResponseTime = useAppStore((state) => state.recordApiResponseTime);
  const recordRenderTime = useAppStore((state) => state.recordRenderTime);

  useEffect(() => {
    if (started) return;
    started = true;
    const start = () => import("./beacon").then(({ startBeacon }) => startBeacon(), () => {}); // without a network, nothing is measured
    const later = () => ("requestIdleCallback" in window ? requestIdleCallback(start, { timeout: 2_000 }) : setTimeout(start, 200));
    if (document.readyState === "complete") later();
    else addEventListener("load", () => later(), { once: true });
  }, []);

  return { recordApiResponseTime, recordRenderTime };
}
