import type { ReactNode } from "react";
import "./charts.css";

interface Figure {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}

// Figures is a row of numbers with their names.
export const Figures = ({ figures }: { readonly figures: readonly Figure[] }) => (
  <dl className="figures">
    {figures.map(({ label, value, note }) => (
      <div key={label} className="figure">
        <dt>{label}</dt>
        <dd>{value}{note && <span className="figure-note">{note}</span>}</dd>
      </div>
    ))}
  </dl>
);
