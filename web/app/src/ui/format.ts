// Formats are made once: an Intl object takes a tenth of a millisecond.
const locale = "en-US";
const moneyFormats = new Map<string, Intl.NumberFormat>();
const numberFormat = new Intl.NumberFormat(locale);
const compactFormat = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const dateTimeFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

export function formatMoney(amount: string, currency: string) {
  const value = Number(amount);
  if (value === 0) return "Free";
  let format = moneyFormats.get(currency);
  if (!format) moneyFormats.set(currency, format = new Intl.NumberFormat(locale, { style: "currency", currency }));
  return format.format(value);
}

// formatDuration returns 1h 5m, 12m or 45s.
export function formatDuration(seconds: number) {
  const hours = Math.floor(seconds / 3600), minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return minutes > 0 ? `${hours}h ${minutes}m` : `${hours}h`;
  return minutes > 0 ? `${minutes}m` : `${Math.round(seconds)}s`;
}

// formatTime returns the position in a video: 5:07 or 1:02:03.
export function formatTime(seconds: number) {
  const pad = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600), minutes = Math.floor((seconds % 3600) / 60), rest = Math.floor(seconds % 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

export const formatNumber = (value: number) => numberFormat.format(value);

export const formatCompact = (value: number) => compactFormat.format(value);

export const formatDate = (time: string) => dateFormat.format(new Date(time));

export const formatDateTime = (time: string) => dateTimeFormat.format(new Date(time));

// formatCount returns 1 course or 2,000 courses.
export const formatCount = (count: number, singular: string, plural = `${singular}s`) =>
  `${formatNumber(count)} ${count === 1 ? singular : plural}`;

// formatLanguage returns the name of a language by its BCP 47 tag.
export function formatLanguage(tag: string) {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

const difficulties: Record<string, string> = { BEGINNER: "Beginner", INTERMEDIATE: "Intermediate", ADVANCED: "Advanced" };

export const formatDifficulty = (difficulty: string) => difficulties[difficulty] ?? difficulty;
