import { Link } from "wouter";
import { useQuery } from "../../api/query";
import { BarChart } from "../../charts/bar-chart";
import { Figures } from "../../charts/figures";
import { RankedBars } from "../../charts/ranked-bars";
import { sum, toDays } from "../../charts/series";
import { AdminPageDocument } from "../../generated/admin";
import { Card } from "../../ui/card";
import { ErrorNotice } from "../../ui/error-notice";
import { formatCount, formatNumber } from "../../ui/format";
import { SkeletonLines } from "../../ui/skeleton";
import { AdminFrame } from "./admin-frame";

// The figures of the whole platform.
export default function AdminPage() {
  const { data, error, fetching, refetch } = useQuery(AdminPageDocument, {});
  const figures = data?.platformDashboard;
  if (!figures) {
    return (
      <AdminFrame current="/admin" title="Administration">
        {error ? <ErrorNotice error={error} onRetry={refetch} /> : fetching && <SkeletonLines count={8} />}
      </AdminFrame>
    );
  }
  const { topCourses, topCategories, enrollmentsOverTime } = figures;
  const share = figures.enrollmentsCount > 0 ? Math.round((figures.completionsCount / figures.enrollmentsCount) * 100) : 0;
  return (
    <AdminFrame current="/admin" title="Administration" intro="Counts may be some minutes old.">
      <Figures figures={[
        { label: "Accounts", value: formatNumber(figures.usersCount) },
        { label: "Active in 30 days", value: formatNumber(figures.activeUsersCount) },
        { label: "Published courses", value: formatNumber(figures.publishedCoursesCount) },
        { label: "Enrollments", value: formatNumber(figures.enrollmentsCount) },
        { label: "Completions", value: formatNumber(figures.completionsCount), note: `${share}% of enrollments` },
      ]} />
      <Card title="New enrollments">
        <BarChart title="The last 30 days" summary={formatNumber(sum(enrollmentsOverTime))} bars={toDays(enrollmentsOverTime)} />
      </Card>
      <div className="columns">
        <Card title="Courses with the most students">
          <RankedBars rows={topCourses.map(({ id, slug, title, enrollmentCount, instructor }) => ({
            key: id, value: enrollmentCount, note: instructor.name, label: <Link href={`/courses/${slug}`}>{title}</Link>,
          }))} />
        </Card>
        <Card title="Categories with the most students">
          <ol className="admin-categories">
            {topCategories.map(({ id, name, courseCount }) => (
              <li key={id}><Link href={`/?category=${id}`}>{name}</Link> <span className="muted">{formatCount(courseCount, "course")}</span></li>
            ))}
          </ol>
        </Card>
      </div>
    </AdminFrame>
  );
}
