// parseTime returns the seconds of a length such as 8:20, 1:02:03 or 500, or undefined.
export function parseTime(text: string): number | undefined {
  const parts = text.trim().split(":");
  if (parts.length > 3 || parts.some((part) => !/^\d+$/.test(part))) return undefined;
  return parts.reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
