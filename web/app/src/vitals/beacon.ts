import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import { pageData } from "../api/page-data";
import { useAppStore } from "../state/store";
import { takeDocuments } from "./documents";

// The limits of the server are 4 KiB a beacon.
const maxErrors = 5;
const maxMessage = 200;

const metrics = new Map<string, number>();
let errors: { message: string; kind: string }[] = [];

// send sends what was measured since the last beacon. The browser delivers it also when the page is left.
function send() {
  const documents = takeDocuments();
  if (metrics.size === 0 && documents.length === 0 && errors.length === 0) return;
  const body = {
    route: pageData.route ?? "other", release: pageData.release,
    metrics: [...metrics].map(([name, value]) => ({ name, value: Math.round(value * 1000) / 1000 })),
    documents, errors,
  };
  metrics.clear();
  errors = [];
  navigator.sendBeacon("/vitals", new Blob([JSON.stringify(body)], { type: "application/json" }));
}

const record = ({ name, value }: Metric) => {
  metrics.set(name, value);
};

const recordError = (kind: string, message: string) => {
  if (errors.length < maxErrors) errors.push({ kind, message: message.slice(0, maxMessage) });
};

// startBeacon measures the page from its start, also if it is called later. All figures belong to the route that
// the page was opened with.
export function startBeacon() {
  for (const observe of [onLCP, onINP, onCLS, onFCP, onTTFB]) observe(record);
  addEventListener("error", ({ message }) => recordError("error", message));
  addEventListener("unhandledrejection", ({ reason }) => recordError("rejection", String(reason)));
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (navigation) useAppStore.getState().recordPageLoadTime(navigation.loadEventEnd - navigation.startTime);
}
