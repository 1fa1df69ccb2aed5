import { type MouseEvent, memo, useCallback, useMemo } from "react";
import { Link } from "wouter";
import type { CourseCardFragment } from "../generated/types";
import { formatCompact, formatDifficulty, formatDuration, formatMoney } from "./format";
import { Picture } from "./picture";
import { Rating } from "./rating";

export type EnrollState = "open" | "enrolled" | "sending";

interface CourseCardProps {
  readonly course: CourseCardFragment;
  readonly onEnroll: (course: CourseCardFragment) => void;
  readonly isVisible?: boolean; // otherwise a box of the same size stands for it
  readonly enrollState?: EnrollState;
  readonly eager?: boolean;
  readonly priority?: boolean;
}

const sizes = "(max-width: 640px) 100vw, (max-width: 1200px) 50vw, 33vw";
const buttonTexts: Record<EnrollState, string> = { open: "Enroll", enrolled: "Continue", sending: "Enrolling…" };

// CourseCard shows a course in a list. It is memoized, so a list that grows renders only its new cards.
export const CourseCard = memo(function CourseCard({ course, onEnroll, isVisible = true, enrollState = "open", eager = false, priority = false }: CourseCardProps) {
  const duration = useMemo(() => formatDuration(course.durationSeconds), [course.durationSeconds]);
  const price = useMemo(() => formatMoney(course.price.amount, course.price.currencyCode), [course.price]);
  const handleEnroll = useCallback((event: MouseEvent) => {
    event.preventDefault();
    onEnroll(course);
  }, [course, onEnroll]);

  if (!isVisible) return <div className="course-card-placeholder" />;
  return (
    <article className="course-card" data-testid={`course-${course.id}`}>
      <div className="course-thumbnail">
        <Picture image={course.thumbnail} sizes={sizes} eager={eager} priority={priority} />
      </div>
      <div className="course-content">
        <p className="course-category">{course.category.name} · {formatDifficulty(course.difficulty)}</p>
        <h3 className="course-title"><Link href={`/courses/${course.slug}`}>{course.title}</Link></h3>
        <p className="course-instructor">{course.instructor.name}</p>
        <p className="course-meta">
          <Rating rating={course.rating} count={course.reviewCount} />
          <span className="duration">{duration}</span>
          <span className="enrollment">{formatCompact(course.enrollmentCount)} {course.enrollmentCount === 1 ? "student" : "students"}</span>
        </p>
      </div>
      <div className="course-actions">
        <span className="price">{price}</span>
        <button type="button" className="button button-secondary enroll-button" onClick={handleEnroll} disabled={enrollState === "sending"}
          aria-label={enrollState === "enrolled" ? `Continue ${course.title}` : `Enroll in ${course.title}`}>
          {buttonTexts[enrollState]}
        </button>
      </div>
    </article>
  );
});
