import { Link } from "wouter";
import { useQuery } from "../../api/query";
import { Figures } from "../../charts/figures";
import { formatAgo } from "../../charts/series";
import { AdminUserPageDocument } from "../../generated/admin";
import type { AdminUserPageQuery } from "../../generated/types";
import type { PageProps } from "../../pages";
import { Card } from "../../ui/card";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { formatDate, formatDateTime, formatDuration, formatNumber } from "../../ui/format";
import { ProgressBar } from "../../ui/progress-bar";
import { SkeletonLines } from "../../ui/skeleton";
import { AdminFrame } from "../admin/admin-frame";
import { StatusBadge } from "../studio/status-badge";

type User = NonNullable<AdminUserPageQuery["user"]>;

const roles: Record<User["role"], string> = { STUDENT: "Student", INSTRUCTOR: "Instructor", ADMIN: "Administrator" };

// An account as admins see it.
export default function AdminUserPage({ params: { id = "" } }: PageProps) {
  const { data, error, fetching, refetch } = useQuery(AdminUserPageDocument, { id });
  const user = data?.user;
  return (
    <AdminFrame current="/admin/people" title={user?.name ?? "Account"} intro={user && `${roles[user.role]}, since ${formatDate(user.createdAt)}`}>
      {error && <ErrorNotice error={error} onRetry={refetch} />}
      {fetching && <SkeletonLines count={8} />}
      {data && !user && <Empty title="There is no such account" />}
      {user && <UserView user={user} />}
    </AdminFrame>
  );
}

const UserView = ({ user }: { readonly user: User }) => (
  <>
    {user.dashboard && (
      <Figures figures={[
        { label: "Enrolled", value: formatNumber(user.dashboard.enrolledCoursesCount) },
        { label: "Completed", value: formatNumber(user.dashboard.completedCoursesCount) },
        { label: "Watched in 30 days", value: formatDuration(user.dashboard.watchTimeSeconds) },
      ]} />
    )}
    <div className="columns">
      <Card title="Account">
        <dl className="facts">
          <div><dt>Email</dt><dd>{user.email} <span className="muted">{user.emailVerifiedAt ? "verified" : "not verified"}</span></dd></div>
          <div><dt>Plan</dt><dd>{user.plan === "PREMIUM" ? "Premium" : "Free"}</dd></div>
          <div><dt>Last sign-in</dt><dd>{user.lastLogin ? formatDateTime(user.lastLogin) : "never"}</dd></div>
        </dl>
      </Card>
      <Card title="Sessions">
        {user.sessions?.length ? (
          <ul className="people">
            {user.sessions.map(({ id, device, lastUsedAt }) => <li key={id}><div>{device ?? "Unknown device"}<p className="muted">used {formatAgo(lastUsedAt)}</p></div></li>)}
          </ul>
        ) : <p className="muted">Not signed in anywhere.</p>}
      </Card>
    </div>
    {user.coursesTaught.totalCount > 0 && <TaughtCourses courses={user.coursesTaught} />}
    {user.enrollments && user.enrollments.totalCount > 0 && <Enrollments enrollments={user.enrollments} />}
  </>
);

const TaughtCourses = ({ courses }: { readonly courses: User["coursesTaught"] }) => (
  <Card title={`Courses taught (${formatNumber(courses.totalCount)})`}>
    <div className="table-scroll" role="group" aria-label="Courses taught" tabIndex={0}>
      <table className="table">
        <thead><tr><th scope="col">Course</th><th scope="col">Status</th><th scope="col" className="table-number">Students</th></tr></thead>
        <tbody>
          {courses.nodes.map(({ id, title, status, enrollmentCount }) => (
            <tr key={id}>
              <th scope="row"><Link href={`/studio/courses/${id}`}>{title}</Link></th>
              <td><StatusBadge status={status} /></td>
              <td className="table-number">{formatNumber(enrollmentCount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </Card>
);

const Enrollments = ({ enrollments }: { readonly enrollments: NonNullable<User["enrollments"]> }) => (
  <Card title={`Enrollments (${formatNumber(enrollments.totalCount)})`}>
    <div className="table-scroll" role="group" aria-label="Enrollments" tabIndex={0}>
      <table className="table">
        <thead><tr><th scope="col">Course</th><th scope="col">Progress</th><th scope="col">Last opened</th></tr></thead>
        <tbody>
          {enrollments.nodes.map(({ id, course, progress, lastAccessedAt }) => (
            <tr key={id}>
              <th scope="row"><Link href={`/courses/${course.slug}`}>{course.title}</Link></th>
              <td><span className="table-progress"><ProgressBar label={`Progress in ${course.title}`} value={progress} />{Math.round(progress)}%</span></td>
              <td>{lastAccessedAt ? formatAgo(lastAccessedAt) : "never"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </Card>
);
