import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useState } from "react";
import { type CourseGridProps, GridCard } from "./course-grid";

const minWidth = 240, gap = 20; // those of .course-grid
const textHeight = 208; // of a card, below its picture
const overscan = 1; // rows

// measureGrid returns how many cards a row of a grid in an element has, how high a row is, and where the grid begins.
function measureGrid(element: HTMLElement) {
  const columns = Math.max(1, Math.floor((element.clientWidth + gap) / (minWidth + gap)));
  const cardWidth = (element.clientWidth - gap * (columns - 1)) / columns;
  return { columns, rowHeight: Math.round(cardWidth * 9 / 16) + textHeight, top: element.getBoundingClientRect().top + scrollY };
}

// useMeasuredGrid returns the measures of the grid in an element, which is there before the grid: the first rendering
// has the right cards.
function useMeasuredGrid(list: RefObject<HTMLElement | null>) {
  const [grid, setGrid] = useState(() => measureGrid(list.current!));
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      const next = measureGrid(list.current!);
      setGrid((before) => (before.columns === next.columns && before.rowHeight === next.rowHeight && before.top === next.top ? before : next));
    });
    observer.observe(list.current!);
    return () => observer.disconnect();
  }, [list]);
  return grid;
}

// VirtualGrid has only the rows near the screen in the page. The scroll bar is that of the window.
export default function VirtualGrid(props: CourseGridProps) {
  "use no memo"; // the virtualizer changes its rows in place, which the compiler cannot see
  const { count, total, list, onVisible } = props;
  const { columns, rowHeight, top } = useMeasuredGrid(list);
  const rows = useWindowVirtualizer({
    count: Math.ceil(count / columns), estimateSize: () => rowHeight, overscan, gap, scrollMargin: top,
  });
  const visible = rows.getVirtualItems();
  const from = (visible[0]?.index ?? 0) * columns;
  const to = ((visible.at(-1)?.index ?? 0) + 1) * columns;
  useEffect(() => onVisible(from, to), [onVisible, from, to]);

  return (
    <div className="virtual-grid" role="list" style={{ height: rows.getTotalSize() }}>
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
