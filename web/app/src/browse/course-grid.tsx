import { type ReactNode, Suspense, lazy, useEffect, useRef } from "react";
import type { CourseCardFragment } from "../generated/types";
import { CourseCard, type EnrollState } from "../ui/course-card";
import { SkeletonCard } from "../ui/skeleton";

export interface CourseGridProps {
  readonly count: number; // of courses that are loaded
  readonly total: number;
  readonly getCourse: (index: number) => CourseCardFragment | undefined;
  readonly enrollState: (id: string) => EnrollState;
  readonly onEnroll: (course: CourseCardFragment) => void;
  readonly onVisible: (from: number, to: number) => void;
  readonly onNearEnd: () => void;
}

const eagerCards = 4; // the first row of a desktop
const virtualFrom = 100; // courses; shorter lists stay whole, so that the browser finds text in them

const loadVirtualGrid = () => import("./virtual-grid");
const VirtualGrid = lazy(loadVirtualGrid);

// GridCard is the card at an index, or its skeleton while the data are fetched again.
export function GridCard({ index, getCourse, enrollState, onEnroll }: Pick<CourseGridProps, "getCourse" | "enrollState" | "onEnroll"> & { readonly index: number }) {
  const course = getCourse(index);
  if (!course) return <SkeletonCard />;
  return <CourseCard course={course} onEnroll={onEnroll} enrollState={enrollState(course.id)} eager={index < eagerCards} priority={index === 0} />;
}

function PlainGrid(props: CourseGridProps) {
  return (
    <ul className="course-grid">
      {Array.from({ length: props.count }, (_, index) => <li key={props.getCourse(index)?.id ?? index}><GridCard index={index} {...props} /></li>)}
    </ul>
  );
}

// NearEnd calls back when the end of a list comes near.
function NearEnd({ onNear }: { readonly onNear: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onNear(), { rootMargin: "1200px" });
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, [onNear]);
  return <div ref={ref} />;
}

// CourseGrid shows the cards of a list. Beyond 100 courses only those near the screen are in the page.
export function CourseGrid(props: CourseGridProps): ReactNode {
  const { count } = props;
  useEffect(() => {
    if (count > virtualFrom / 2) void loadVirtualGrid();
  }, [count]);

  const plain = <PlainGrid {...props} />;
  return (
    <>
      {count > virtualFrom ? <Suspense fallback={plain}><VirtualGrid {...props} /></Suspense> : plain}
      <NearEnd key={count} onNear={props.onNearEnd} />
    </>
  );
}
