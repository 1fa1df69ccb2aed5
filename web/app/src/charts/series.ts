import { formatDate } from "../ui/format";
import type { Bar } from "./bar-chart";

const dayFormat = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" });

interface Point {
  readonly at: string;
  readonly value: number;
}

// toDays returns the bars of a series of days. Days are those of UTC, as the server counts them.
export const toDays = (points: readonly Point[]): readonly Bar[] =>
  points.map(({ at, value }) => ({ label: dayFormat.format(new Date(at)), value }));

// timeTops are round times for the top of a chart, in seconds: from a minute to a day.
export const timeTops = [1, 5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 240, 360, 480, 720, 1_440].map((minutes) => minutes * 60);

export const sum = (points: readonly Point[]) => points.reduce((total, { value }) => total + value, 0);

// formatAgo returns how long ago a time is, in words: 3 hours ago. Times of more than a month ago are dates.
export function formatAgo(time: string, now = Date.now()): string {
  const seconds = (now - Date.parse(time)) / 1_000;
  if (seconds > 30 * 86_400) return formatDate(time);
  const [unit, length] = units.find(([, size]) => seconds >= size) ?? units.at(-1)!;
  return agoFormat.format(-Math.floor(seconds / length), unit);
}

const agoFormat = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });
const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
