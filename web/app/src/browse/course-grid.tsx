import { type RefObject, useEffect, useRef } from "react";
import type { CourseCardFragment } from "../generated/types";
import { CourseCard, type EnrollState } from "../ui/course-card";
import { SkeletonCard } from "../ui/skeleton";

export interface CourseGridProps {
  readonly count: number; // of courses that are loaded, with the next page, for which skeletons stand
  readonly total: number;
  readonly list: RefObject<HTMLElement | null>; // has the grid in it
  readonly getCourse: (index: number) => CourseCardFragment | undefined;
  readonly enrollState: (id: string) => EnrollState;
  readonly onEnroll: (course: CourseCardFragment) => void;
  readonly onVisible: (from: number, to: number) => void;
}

const eagerCards = 4; // the first row of a desktop

// GridCard is the card at an index, or its skeleton while the data are fetched.
export function GridCard({ index, getCourse, enrollState, onEnroll }: Pick<CourseGridProps, "getCourse" | "enrollState" | "onEnroll"> & { readonly index: number }) {
  const course = getCourse(index);
  if (!course) return <SkeletonCard />;
  return <CourseCard course={course} onEnroll={onEnroll} enrollState={enrollState(course.id)} eager={index < eagerCards} priority={index === 0} />;
}

// CourseGrid has all cards in the page.
export function CourseGrid(props: CourseGridProps) {
  return (
    <ul className="course-grid">
      {Array.from({ length: props.count }, (_, index) => <li key={props.getCourse(index)?.id ?? index}><GridCard index={index} {...props} /></li>)}
    </ul>
  );
}

// NearEnd calls back when a part of a list, 1 for all of it, comes near or is passed: the end of what is loaded.
export function NearEnd({ at, onNear }: { readonly at: number; readonly onNear: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a busy page one call has the entries of several frames.
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && onNear(), { rootMargin: "1000000px 0px 1500px" });
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, [onNear]);
  return <div ref={ref} className="near-end" style={{ top: `${100 * at}%` }} />;
}
