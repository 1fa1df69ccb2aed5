import { sessionHeaders } from "../../api/client";

// Quantiles are of all visits since the start of the server: milliseconds, or for CLS the sum of layout shifts.
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
}

export interface Vitals {
  readonly release: string;
  readonly since: string;
  readonly routes: readonly { readonly route: string; readonly metrics: readonly (Quantiles & { readonly name: string })[] }[];
  readonly documents: readonly (Quantiles & { readonly document: string; readonly cache: string })[];
  readonly errors: readonly { readonly kind: string; readonly count: number }[];
  readonly slowest: readonly { readonly document: string; readonly ms: number; readonly cache: string; readonly traceId?: string }[];
}

// loadVitals returns the figures of the server that answers, or the message of its error.
export async function loadVitals(): Promise<Vitals> {
  const response = await fetch("/vitals", { credentials: "same-origin", headers: sessionHeaders });
  const body = await response.json().catch(() => undefined) as (Vitals & { errors?: readonly { message?: string }[] }) | undefined;
  if (response.ok && body) return body;
  throw new Error(body?.errors?.[0]?.message ?? "The figures could not be loaded.");
}

// The bounds between good, fair and poor of web.dev; the 75th percentile counts.
const bounds: Record<string, readonly [number, number]> = {
  LCP: [2_500, 4_000], INP: [200, 500], CLS: [0.1, 0.25], FCP: [1_800, 3_000], TTFB: [800, 1_800],
};

export type Grade = "good" | "fair" | "poor";

export function gradeOf(name: string, value: number): Grade {
  const [good, fair] = bounds[name] ?? [Infinity, Infinity];
  return value <= good ? "good" : value <= fair ? "fair" : "poor";
}

// formatVital returns 850 ms, 1.2 s, or the number of CLS.
export function formatVital(name: string, value: number): string {
  if (name === "CLS") return value.toFixed(3);
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}
