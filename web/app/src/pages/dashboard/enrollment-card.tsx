import { Link } from "wouter";
import type { EnrollmentCardFragment } from "../../generated/types";
import { formatDuration } from "../../ui/format";
import { Picture } from "../../ui/picture";
import { ProgressBar } from "../../ui/progress-bar";

// EnrollmentCard is a course that the viewer takes, with the video to continue with.
function EnrollmentCard({ enrollment }: { readonly enrollment: EnrollmentCardFragment }) {
  const { id, course, progress, status, nextVideo, remainingSeconds } = enrollment;
  const rest = status === "COMPLETED" ? "Completed" : progress === 0 ? "Not started" : `${formatDuration(remainingSeconds)} left`;
  const search = new URLSearchParams({ ...(!course.published && { enrollment: id }), ...(nextVideo && { video: nextVideo.id }) });
  return (
    <article className="enrollment-card">
      <div className="enrollment-picture"><Picture image={course.thumbnail} sizes="112px" width={112} height={63} eager /></div>
      <div className="enrollment-body">
        <h3><Link href={`/learn/${course.slug}?${search}`}>{course.title}</Link></h3>
        <p className="muted">{nextVideo ? `Next: ${nextVideo.title}` : course.instructor.name}</p>
        <ProgressBar label={`Progress in ${course.title}`} value={progress} />
        <p className="muted enrollment-rest">
          <span>{Math.round(progress)}%</span>
          <span>{rest}</span>
        </p>
      </div>
    </article>
  );
}

export const EnrollmentGrid = ({ enrollments }: { readonly enrollments: readonly EnrollmentCardFragment[] }) => (
  <ul className="enrollments">
    {enrollments.map((enrollment) => <li key={enrollment.id}><EnrollmentCard enrollment={enrollment} /></li>)}
  </ul>
);
