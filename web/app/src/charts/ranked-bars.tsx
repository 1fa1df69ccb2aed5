import type { ReactNode } from "react";
import { formatNumber } from "../ui/format";
import "./charts.css";

interface RankedBar {
  readonly key: string;
  readonly label: ReactNode;
  readonly value: number;
  readonly note?: ReactNode;
}

// RankedBars is a list with a horizontal bar for each row, as long as its share of the longest.
export function RankedBars({ rows, format = formatNumber }: {
  readonly rows: readonly RankedBar[];
  readonly format?: (value: number) => string;
}) {
  const longest = Math.max(...rows.map(({ value }) => value), 1);
  return (
    <ol className="ranked">
      {rows.map(({ key, label, value, note }) => (
        <li key={key}>
          <span className="ranked-label">{label}</span>
          <span className="ranked-value">{format(value)}</span>
          <svg className="ranked-bar" width="100%" height="6" aria-hidden="true">
            <rect className="chart-track" width="100%" height="6" rx="3" />
            <rect className="tone-active" width={`${(value / longest) * 100}%`} height="6" rx="3" />
          </svg>
          {note && <span className="ranked-note">{note}</span>}
        </li>
      ))}
    </ol>
  );
}
