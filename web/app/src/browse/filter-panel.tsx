import { useId } from "react";
import type { FacetsFragment } from "../generated/types";
import { formatNumber } from "../ui/format";
import { listGroups } from "./filters";

interface FilterPanelProps {
  readonly facets: FacetsFragment;
  readonly search: URLSearchParams;
  readonly onChange: (search: URLSearchParams) => void;
}

// FilterPanel has the filters of a list of courses, each with the number of courses that it would find.
export function FilterPanel({ facets, search, onChange }: FilterPanelProps) {
  const id = useId();
  return (
    <div className="filter-groups">
      {listGroups(facets, search).map(({ title, type, options }) => (
        <fieldset key={title} className="filter-group">
          <legend>{title}</legend>
          <ul>
            {options.map(({ key, text, count, checked, toggle }) => (
              <li key={key}>
                <label className="filter-option">
                  <input type={type} name={`${id}-${title}`} checked={checked} onChange={() => onChange(toggle())} />
                  <span className="filter-text">{text}</span>
                  {count !== undefined && <span className="filter-count">{formatNumber(count)}</span>}
                </label>
              </li>
            ))}
          </ul>
        </fieldset>
      ))}
    </div>
  );
}
