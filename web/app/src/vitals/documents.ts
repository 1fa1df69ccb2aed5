import { useAppStore } from "../state/store";

// DocumentFigure is how long an operation took, and what the caches of the server say about it.
export interface DocumentFigure {
  readonly document: string;
  readonly ms: number;
  readonly cache: string;
  readonly traceId?: string;
}

const limit = 20; // of one beacon
let figures: DocumentFigure[] = [];

// parseCacheStatus returns hit, or why the response was computed: Cache-Status is `7p; hit` or `7p; fwd=miss; …`.
export const parseCacheStatus = (header: string | null) =>
  header ? (/;\s*hit\b/.test(header) ? "hit" : (/fwd=([\w-]+)/.exec(header)?.[1] ?? "none")) : "none";

// parseTraceId returns the trace of a response, from its Server-Timing header.
export const parseTraceId = (header: string | null) => /traceparent;\s*desc="?[\da-f]{2}-([\da-f]{32})/.exec(header ?? "")?.[1];

export function recordDocument(document: string, ms: number, headers: Headers) {
  const traceId = parseTraceId(headers.get("Server-Timing"));
  const figure = { document, ms: Math.round(ms), cache: parseCacheStatus(headers.get("Cache-Status")) };
  if (figures.length < limit) figures.push(traceId ? { ...figure, traceId } : figure);
  useAppStore.getState().recordApiResponseTime(document, figure.ms);
}

// takeDocuments returns what was recorded since the last call.
export function takeDocuments() {
  const taken = figures;
  figures = [];
  return taken;
}
