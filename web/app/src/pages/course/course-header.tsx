import { Link } from "wouter";
import { useEnroll } from "../../browse/use-enroll";
import { WishlistButton } from "../../browse/wishlist-button";
import type { CourseViewerQuery } from "../../generated/types";
import { Button, ButtonLink } from "../../ui/button";
import { formatCount, formatDate, formatDifficulty, formatDuration, formatLanguage } from "../../ui/format";
import { Picture } from "../../ui/picture";
import { Price } from "../../ui/price";
import { ProgressBar } from "../../ui/progress-bar";
import { Rating } from "../../ui/rating";
import type { Course } from "./page";

export type CourseViewer = NonNullable<CourseViewerQuery["course"]>;

interface CourseHeaderProps {
  readonly course: Course;
  readonly viewer: CourseViewer | undefined;
  readonly onPreview: (() => void) | undefined;
}

function Actions({ course, viewer, onPreview }: CourseHeaderProps) {
  const { enroll, stateOf } = useEnroll();
  const enrollment = viewer?.viewerEnrollment;
  const sending = stateOf(course.id) === "sending";
  return (
    <div className="course-buy">
      {enrollment ? (
        <>
          <ProgressBar label="Your progress" value={enrollment.progress} />
          <p className="muted">{Math.round(enrollment.progress)} % completed</p>
          <ButtonLink href={`/learn/${course.slug}`} kind="primary">{enrollment.progress > 0 ? "Continue" : "Start learning"}</ButtonLink>
        </>
      ) : (
        <>
          <Price price={course.price} />
          {viewer?.viewerCanEnroll !== false && <Button kind="primary" busy={sending} onClick={() => enroll(course)}>{sending ? "Enrolling…" : "Enroll"}</Button>}
          {viewer?.viewerCanEnroll && <WishlistButton courseId={course.id} wishlisted={viewer.viewerHasWishlisted} />}
        </>
      )}
      {onPreview && <Button onClick={onPreview}>Watch a preview</Button>}
      {viewer?.viewerCanUpdate && <ButtonLink href={`/studio/courses/${course.id}`}>Edit in the studio</ButtonLink>}
    </div>
  );
}

// CourseHeader has the picture and the facts of a course. The server writes the same markup into the HTML.
export function CourseHeader(props: CourseHeaderProps) {
  const { course } = props;
  return (
    <header className="course-header">
      <div className="course-facts">
        <p className="course-crumbs"><Link href="/">Courses</Link> / <Link href={`/?category=${encodeURIComponent(course.category.id)}`}>{course.category.name}</Link></p>
        <h1>{course.title}</h1>
        <p className="course-by">By {course.instructor.name}</p>
        <ul className="course-figures">
          <li><Rating rating={course.rating} count={course.reviewCount} /></li>
          <li>{formatCount(course.enrollmentCount, "student")}</li>
          <li>{formatDifficulty(course.difficulty)}</li>
          <li>{formatDuration(course.durationSeconds)} · {formatCount(course.videos.totalCount, "video")}</li>
          {course.language && <li>{formatLanguage(course.language)}</li>}
          <li>Updated {formatDate(course.updatedAt)}</li>
        </ul>
      </div>
      <div className="course-aside">
        <div className="course-cover"><Picture image={course.thumbnail} sizes="(max-width: 899px) 100vw, 420px" eager priority /></div>
        <Actions {...props} />
      </div>
    </header>
  );
}
