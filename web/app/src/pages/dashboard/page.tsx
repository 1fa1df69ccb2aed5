import { Link } from "wouter";
import { useLive } from "../../api/live";
import { useQuery } from "../../api/query";
import { BarChart } from "../../charts/bar-chart";
import { Figures } from "../../charts/figures";
import { sum, timeTops, toDays } from "../../charts/series";
import { DashboardLiveDocument, DashboardPageDocument } from "../../generated/dashboard";
import type { DashboardViewerFragment } from "../../generated/types";
import { ButtonLink } from "../../ui/button";
import { Card } from "../../ui/card";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { formatDate, formatDuration } from "../../ui/format";
import { PageFrame } from "../../ui/page";
import { SkeletonLines } from "../../ui/skeleton";
import { usePageVisible } from "../../ui/use-page-visible";
import { EnrollmentGrid } from "./enrollment-card";
import { MyCourses } from "./my-courses";
import { RecommendedCourse } from "./recommended-course";
import "../../styles/parts.css";
import "./dashboard.css";

type Certificates = NonNullable<DashboardViewerFragment["certificates"]>;

// The dashboard of a student. A live query keeps it current while the page is visible.
export default function DashboardPage() {
  const { data, error, fetching, refetch } = useQuery(DashboardPageDocument, {});
  const visible = usePageVisible();
  const live = useLive(DashboardLiveDocument, {}, !visible);
  const viewer = live.data?.viewer ?? data?.viewer;
  const dashboard = viewer?.dashboard;

  if (!viewer || !dashboard) {
    return (
      <PageFrame title="My learning">
        {error ? <ErrorNotice error={error} onRetry={refetch} /> : fetching && <SkeletonLines count={8} />}
      </PageFrame>
    );
  }
  const open = dashboard.recentActivity.filter(({ status }) => status !== "COMPLETED");
  return (
    <PageFrame title="My learning" heading={`Welcome back, ${viewer.name}`} className="dashboard"
      actions={<LiveMark connected={live.connected} />}>
      <Figures figures={[
        { label: "In progress", value: dashboard.inProgressCoursesCount },
        { label: "Completed", value: dashboard.completedCoursesCount },
        { label: "Enrolled", value: dashboard.enrolledCoursesCount },
        { label: "Watched in 30 days", value: formatDuration(dashboard.watchTimeSeconds) },
      ]} />
      <section aria-labelledby="continue">
        <h2 id="continue">Continue learning</h2>
        {open.length > 0
          ? <EnrollmentGrid enrollments={open.slice(0, 3)} />
          : <Empty title="Nothing in progress"><ButtonLink href="/" kind="primary">Find a course</ButtonLink></Empty>}
      </section>
      <div className="columns">
        <Card title="Time watched">
          <BarChart title="The last 14 days" summary={formatDuration(sum(dashboard.watchTime))} bars={toDays(dashboard.watchTime)} format={formatDuration} tops={timeTops} />
        </Card>
        <CertificateList certificates={viewer.certificates} />
      </div>
      {dashboard.enrolledCoursesCount > 0 && <MyCourses />}
      {dashboard.recommendedCourses.length > 0 && (
        <section aria-labelledby="recommended">
          <h2 id="recommended">Recommended for you</h2>
          <ul className="recommended">
            {dashboard.recommendedCourses.map((course) => <li key={course.id}><RecommendedCourse course={course} /></li>)}
          </ul>
        </section>
      )}
    </PageFrame>
  );
}

// LiveMark says whether changes made elsewhere appear by themselves.
const LiveMark = ({ connected }: { readonly connected: boolean }) => (
  <span className={connected ? "live-mark is-connected" : "live-mark"}>{connected ? "Live" : "Connecting…"}</span>
);

function CertificateList({ certificates }: { readonly certificates: Certificates | null }) {
  return (
    <Card title="Certificates">
      {certificates && certificates.nodes.length > 0 ? (
        <ul className="certificate-list">
          {certificates.nodes.map(({ id, code, courseTitle, issuedAt }) => (
            <li key={id}>
              <Link href={`/certificates/${code}`}>{courseTitle}</Link>
              <span className="muted">{formatDate(issuedAt)}</span>
            </li>
          ))}
        </ul>
      ) : <p className="muted">Complete a course to earn your first certificate.</p>}
      {certificates && certificates.totalCount > certificates.nodes.length && (
        <p className="muted">and {certificates.totalCount - certificates.nodes.length} more</p>
      )}
    </Card>
  );
}
