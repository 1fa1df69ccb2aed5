import { useEffect } from "react";
import { useAppStore } from "../state/store";
import { whenIdle } from "../ui/when-idle";

let started = false;

// usePerformanceMonitoring measures the page once it has loaded, and returns what records other times.
export function usePerformanceMonitoring() {
  const recordApiResponseTime = useAppStore((state) => state.recordApiResponseTime);
  const recordRenderTime = useAppStore((state) => state.recordRenderTime);

  useEffect(() => {
    if (started) return;
    started = true;
    whenIdle(() => import("./beacon").then(({ startBeacon }) => startBeacon(), () => {})); // without a network, nothing is measured
  }, []);

  return { recordApiResponseTime, recordRenderTime };
}
