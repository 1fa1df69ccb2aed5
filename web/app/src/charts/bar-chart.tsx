import { useId, type ReactNode } from "react";
import { formatNumber } from "../ui/format";
import "./charts.css";

export interface Bar {
  readonly label: string;
  readonly value: number;
}

interface BarChartProps {
  readonly title: string;
  readonly summary: ReactNode; // the figure that the chart leads to, e.g. the total
  readonly bars: readonly Bar[];
  readonly format?: (value: number) => string;
  readonly tops?: readonly number[]; // round values for the top of the chart, in their order
}

const height = 144;
const gap = 0.24; // of the width of a bar and the space beside it

// BarChart draws a series as an SVG as wide as its place: widths are in percent, so text and corners keep their
// shape. The picture has a name for screen readers, and the same numbers are in a table.
export function BarChart({ title, summary, bars, format = formatNumber, tops = [] }: BarChartProps) {
  const id = useId();
  const highest = Math.max(...bars.map(({ value }) => value), 0);
  const top = tops.find((round) => round >= highest) ?? roundUp(highest);
  const band = 100 / Math.max(bars.length, 1);
  const peak = bars.find(({ value }) => value === highest);
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption id={id} className="chart-caption">
        <span className="chart-title">{title}</span>
        <span className="chart-summary">{summary}</span>
      </figcaption>
      <svg className="chart-svg" width="100%" height={height + 24} role="img"
        aria-label={peak && highest > 0 ? `${bars.length} bars; the highest is ${format(highest)}, ${peak.label}` : "No values yet"}>
        {[0, 0.5, 1].map((share) => (
          <line key={share} className="chart-line" x1="0" x2="100%" y1={y(share)} y2={y(share)} />
        ))}
        {bars.map(({ label, value }, index) => (
          <g key={label} className="chart-bar">
            <title>{`${label}: ${format(value)}`}</title>
            <rect className="chart-hit" x={`${index * band}%`} width={`${band}%`} y={0} height={height} />
            <rect x={`${(index + gap / 2) * band}%`} width={`${(1 - gap) * band}%`} rx="2"
              y={y(value / top)} height={height - y(value / top)} />
          </g>
        ))}
        <text className="chart-text" x="0" y="12">{format(top)}</text>
        <text className="chart-text" x="0" y={height + 18}>{bars[0]?.label}</text>
        <text className="chart-text" x="100%" y={height + 18} textAnchor="end">{bars.at(-1)?.label}</text>
      </svg>
      <NumbersTable bars={bars} format={format} />
    </figure>
  );
}

function NumbersTable({ bars, format }: { readonly bars: readonly Bar[]; readonly format: (value: number) => string }) {
  return (
    <details className="chart-numbers">
      <summary>Numbers</summary>
      <div className="chart-scroll" tabIndex={0} role="group" aria-label="Numbers of the chart">
        <table>
          <tbody>
            {bars.map(({ label, value }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{format(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

// y returns the place of a share of the highest value; the labels above take 16 pixels.
const y = (share: number) => 16 + (height - 16) * (1 - share);

// roundUp rounds a value up to 1, 2 or 5 times a power of ten.
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}
