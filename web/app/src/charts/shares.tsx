import { formatNumber } from "../ui/format";
import "./charts.css";

interface Share {
  readonly label: string;
  readonly value: number;
  readonly tone: "done" | "active" | "rest";
}

// Shares draws the parts of a whole as one bar with a legend. The legend has the numbers, so the bar is hidden
// from screen readers.
export function Shares({ shares }: { readonly shares: readonly Share[] }) {
  const total = shares.reduce((sum, { value }) => sum + value, 0);
  let start = 0;
  return (
    <div className="shares">
      <svg className="shares-bar" width="100%" height="12" aria-hidden="true">
        {shares.map(({ label, value, tone }) => {
          const x = start;
          start += total ? (value / total) * 100 : 0;
          return <rect key={label} className={`tone-${tone}`} x={`${x}%`} width={`${start - x}%`} height="12" />;
        })}
      </svg>
      <ul className="shares-legend">
        {shares.map(({ label, value, tone }) => (
          <li key={label}>
            <svg width="10" height="10" aria-hidden="true"><rect className={`tone-${tone}`} width="10" height="10" rx="2" /></svg>
            {label} <b>{formatNumber(value)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
