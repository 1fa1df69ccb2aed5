import { useState } from "react";
import { Link } from "wouter";
import { useLive } from "../../api/live";
import { useQuery } from "../../api/query";
import { usePages } from "../../api/use-pages";
import { Figures } from "../../charts/figures";
import { RankedBars } from "../../charts/ranked-bars";
import { formatAgo } from "../../charts/series";
import { Shares } from "../../charts/shares";
import { AnalyticsPageDocument, CourseProgressLiveDocument, CourseStudentsDocument } from "../../generated/studio-analytics";
import type { CourseProgressLiveSubscription } from "../../generated/types";
import type { PageProps } from "../../pages";
import { useUser } from "../../state/store";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { ErrorNotice } from "../../ui/error-notice";
import { formatDate, formatDuration, formatNumber } from "../../ui/format";
import { MoreButton } from "../../ui/more-button";
import { ProgressBar } from "../../ui/progress-bar";
import { Stars } from "../../ui/rating";
import { SkeletonLines } from "../../ui/skeleton";
import { usePageVisible } from "../../ui/use-page-visible";
import { CourseFrame } from "../studio/course-frame";
import { CourseState } from "../studio/course-state";
import { BulkEnrollDialog } from "./bulk-enroll-dialog";

// The figures of a course and its students. The progress is live while the page is visible.
export default function AnalyticsPage({ params: { id = "" } }: PageProps) {
  const query = useQuery(AnalyticsPageDocument, { id });
  const visible = usePageVisible();
  const course = query.data?.course;
  const live = useLive(CourseProgressLiveDocument, { courseId: id }, !visible || !course?.viewerCanUpdate);
  if (!course?.viewerCanUpdate) return <CourseState state={query} />;
  const { analytics, ratingHistogram } = course;
  return (
    <CourseFrame course={course} tab="analytics">
      {analytics && (
        <>
          <Figures figures={[
            { label: "Students", value: formatNumber(analytics.totalEnrollments) },
            { label: "Completed", value: `${Math.round(analytics.completionRate * 100)}%`, note: `${formatNumber(analytics.completions)} students` },
            { label: "Mean progress", value: `${Math.round(analytics.averageProgress)}%` },
            { label: "Watched", value: formatDuration(analytics.watchTimeSeconds) },
            { label: "Mean rating", value: analytics.averageRating?.toFixed(2) ?? "–", note: `${formatNumber(analytics.totalReviews)} reviews` },
          ]} />
          <p className="muted studio-refreshed">As of {formatAgo(analytics.refreshedAt)}</p>
        </>
      )}
      <div className="columns">
        <Card title="Progress of the students" actions={<span className={live.connected ? "live-mark is-connected" : "live-mark"}>{live.connected ? "Live" : "Connecting…"}</span>}>
          <ProgressShares progress={live.data?.courseProgress} />
        </Card>
        <Card title="Reviews by rating">
          <RankedBars rows={ratingHistogram.map(({ rating, count }) => ({ key: String(rating), label: <Stars rating={rating} />, value: count }))} />
        </Card>
      </div>
      <Students courseId={id} published={course.status === "PUBLISHED"} />
    </CourseFrame>
  );
}

function ProgressShares({ progress }: { readonly progress: CourseProgressLiveSubscription["courseProgress"] | undefined }) {
  if (!progress) return <SkeletonLines />;
  return (
    <Shares shares={[
      { label: "Completed", value: progress.completedCount, tone: "done" },
      { label: "In progress", value: progress.inProgressCount, tone: "active" },
      { label: "Not started", value: progress.notStartedCount, tone: "rest" },
    ]} />
  );
}

function Students({ courseId, published }: { readonly courseId: string; readonly published: boolean }) {
  const pages = usePages(CourseStudentsDocument, { id: courseId }, (data) => data.course?.enrollments);
  const isAdmin = useUser()?.role === "ADMIN";
  const [enrolling, setEnrolling] = useState(false);
  const total = pages.data?.course?.enrollments?.totalCount;
  return (
    <Card title={total === undefined ? "Students" : `Students (${formatNumber(total)})`}
      actions={published && <Button onClick={() => setEnrolling(true)}>Enroll by email</Button>}>
      {pages.error && <ErrorNotice error={pages.error} onRetry={pages.refetch} />}
      {pages.fetching && <SkeletonLines count={5} />}
      {total === 0 && <p className="muted">No students yet.</p>}
      {pages.edges.length > 0 && (
        <div className="table-scroll" role="group" aria-label="Students" tabIndex={0}>
          <table className="table">
            <thead><tr><th scope="col">Student</th><th scope="col">Progress</th><th scope="col">Enrolled</th><th scope="col">Last opened</th></tr></thead>
            <tbody>
              {pages.edges.map(({ node: { id, user, progress, enrolledAt, lastAccessedAt } }) => (
                <tr key={id}>
                  <th scope="row">{isAdmin ? <Link href={`/admin/people/${user.id}`}>{user.name}</Link> : user.name}</th>
                  <td><span className="table-progress"><ProgressBar label={`Progress of ${user.name}`} value={progress} />{Math.round(progress)}%</span></td>
                  <td>{formatDate(enrolledAt)}</td>
                  <td>{lastAccessedAt ? formatAgo(lastAccessedAt) : "never"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton pages={pages} />
      <BulkEnrollDialog courseId={courseId} open={enrolling} onClose={() => setEnrolling(false)} />
    </Card>
  );
}
