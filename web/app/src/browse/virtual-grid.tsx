import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { type CourseGridProps, GridCard } from "./course-grid";

const minWidth = 240, gap = 20; // those of .course-grid
const textHeight = 208; // of a card, below its picture
const overscan = 2; // rows

// useColumns returns how many cards a row of the grid has, how high a row is, and where the grid begins.
function useColumns() {
  const ref = useRef<HTMLDivElement>(null);
  const [layout, setLayout] = useState({ columns: 1, rowHeight: 400, top: 0 });
  useLayoutEffect(() => {
    const element = ref.current!;
    function measure() {
      const columns = Math.max(1, Math.floor((element.clientWidth + gap) / (minWidth + gap)));
      const cardWidth = (element.clientWidth - gap * (columns - 1)) / columns;
      const next = { columns, rowHeight: Math.round(cardWidth * 9 / 16) + textHeight, top: element.getBoundingClientRect().top + scrollY };
      setLayout((before) => (before.columns === columns && before.rowHeight === next.rowHeight && before.top === next.top ? before : next));
    }
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, ...layout };
}

// VirtualGrid has only the rows near the screen in the page. The scroll bar is that of the window.
export default function VirtualGrid(props: CourseGridProps) {
  "use no memo"; // the virtualizer changes its rows in place, which the compiler cannot see
  const { count, total, onVisible } = props;
  const { ref, columns, rowHeight, top } = useColumns();
  const rows = useWindowVirtualizer({
    count: Math.ceil(count / columns), estimateSize: () => rowHeight, overscan, gap, scrollMargin: top,
  });
  const visible = rows.getVirtualItems();
  const from = (visible[0]?.index ?? 0) * columns;
  const to = ((visible.at(-1)?.index ?? 0) + 1) * columns;
  useEffect(() => onVisible(from, to), [onVisible, from, to]);

  return (
    <div className="virtual-grid" role="list" ref={ref} style={{ height: rows.getTotalSize() }}>
      {visible.map(({ key, index: row, start }) => (
        <div key={key} className="course-grid virtual-row" role="presentation" data-index={row} ref={rows.measureElement}
          style={{ transform: `translateY(${start - top}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
          {Array.from({ length: Math.min(columns, count - row * columns) }, (_, column) => {
            const index = row * columns + column;
            return <div key={index} role="listitem" aria-setsize={total} aria-posinset={index + 1}><GridCard index={index} {...props} /></div>;
          })}
        </div>
      ))}
    </div>
  );
}
