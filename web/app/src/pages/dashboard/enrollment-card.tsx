import { Link } from "wouter";
import type { DashboardFiguresFragment } from "../../generated/types";
import { formatDuration } from "../../ui/format";
import { Picture } from "../../ui/picture";
import { ProgressBar } from "../../ui/progress-bar";

type Enrollment = DashboardFiguresFragment["recentActivity"][number];

// EnrollmentCard is a course that the viewer takes, with the video to continue with.
export function EnrollmentCard({ enrollment }: { readonly enrollment: Enrollment }) {
  const { id, course, progress, nextVideo, remainingSeconds } = enrollment;
  const search = new URLSearchParams({ ...(!course.published && { enrollment: id }), ...(nextVideo && { video: nextVideo.id }) });
  return (
    <article className="enrollment-card">
      <div className="enrollment-picture"><Picture image={course.thumbnail} sizes="96px" width={96} height={54} eager /></div>
      <div className="enrollment-body">
        <h3><Link href={`/learn/${course.slug}?${search}`}>{course.title}</Link></h3>
        <p className="muted">{nextVideo ? `Next: ${nextVideo.title}` : course.instructor.name}</p>
        <ProgressBar label={`Progress in ${course.title}`} value={progress} />
        <p className="muted enrollment-rest">
          <span>{Math.round(progress)}%</span>
          <span>{progress === 0 ? "Not started" : `${formatDuration(remainingSeconds)} left`}</span>
        </p>
      </div>
    </article>
  );
}
