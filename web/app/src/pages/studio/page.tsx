import { Link, useSearchParams } from "wouter";
import { hasCode } from "../../api/errors";
import { type QueryState, useQuery } from "../../api/query";
import { usePages } from "../../api/use-pages";
import { BarChart } from "../../charts/bar-chart";
import { Figures } from "../../charts/figures";
import { sum, toDays } from "../../charts/series";
import { StudioFiguresDocument, StudioPageDocument } from "../../generated/studio";
import type { CourseStatus, StudioFiguresQuery, StudioPageQuery } from "../../generated/types";
import { ButtonLink } from "../../ui/button";
import { Card } from "../../ui/card";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { formatCount, formatNumber } from "../../ui/format";
import { MoreButton } from "../../ui/more-button";
import { PageFrame } from "../../ui/page";
import { Picture } from "../../ui/picture";
import { Price } from "../../ui/price";
import { Rating } from "../../ui/rating";
import { SkeletonLines } from "../../ui/skeleton";
import { Tabs } from "../../ui/tabs";
import { StatusBadge } from "./status-badge";
import "../../styles/parts.css";
import "./studio.css";

type TaughtCourse = NonNullable<StudioPageQuery["viewer"]>["coursesTaught"]["edges"][number]["node"];

const tabs = [
  { key: "", label: "All" },
  { key: "DRAFT", label: "Drafts" },
  { key: "PUBLISHED", label: "Published" },
  { key: "ARCHIVED", label: "Archived" },
];

const asStatus = (text: string | null) => tabs.find(({ key }) => key !== "" && key === text)?.key as CourseStatus | undefined;

// The studio of an instructor: the figures of all courses, and the list of them.
export default function StudioPage() {
  const [search, setSearch] = useSearchParams();
  const status = asStatus(search.get("status"));
  const figures = useQuery(StudioFiguresDocument, {});
  if (figures.error && hasCode(figures.error, "FORBIDDEN")) {
    return <PageFrame title="Studio" className="studio"><ErrorNotice error={figures.error} /></PageFrame>;
  }
  return (
    <PageFrame title="Studio" className="studio" actions={<ButtonLink href="/studio/new" kind="primary">New course</ButtonLink>}>
      <StudioFigures {...figures} />
      <Tabs label="Courses by status" tabs={tabs} selected={status ?? ""}
        onSelect={(key) => setSearch(key ? { status: key } : {}, { replace: true })}>
        <CourseList status={status} />
      </Tabs>
    </PageFrame>
  );
}

function StudioFigures({ data, error, refetch }: QueryState<StudioFiguresQuery> & { readonly refetch: () => void }) {
  if (error) return <ErrorNotice error={error} onRetry={refetch} />;
  const figures = data?.instructorDashboard;
  return (
    <div className="studio-figures">
      <Figures figures={[
        { label: "Courses", value: figures ? formatNumber(figures.coursesCount) : "–" },
        { label: "Enrollments", value: figures ? formatNumber(figures.totalEnrollments) : "–" },
        { label: "Completions", value: figures ? formatNumber(figures.totalCompletions) : "–" },
        { label: "Mean rating", value: figures?.averageRating?.toFixed(2) ?? "–" },
      ]} />
      <Card title="New enrollments">
        {figures
          ? <BarChart title="The last 30 days" summary={formatNumber(sum(figures.enrollmentsOverTime))} bars={toDays(figures.enrollmentsOverTime)} />
          : <div className="chart-place"><SkeletonLines /></div>}
      </Card>
    </div>
  );
}

function CourseList({ status }: { readonly status: CourseStatus | undefined }) {
  const pages = usePages(StudioPageDocument, status ? { status } : {}, (data) => data.viewer?.coursesTaught);
  if (pages.error && pages.edges.length === 0) return <ErrorNotice error={pages.error} onRetry={pages.refetch} />;
  if (pages.fetching) return <SkeletonLines count={6} />;
  if (pages.edges.length === 0) {
    return (
      <Empty title={status ? "No courses here" : "No courses yet"}>
        <p>A course starts as a draft that only you can see.</p>
        <ButtonLink href="/studio/new" kind="primary">Create a course</ButtonLink>
      </Empty>
    );
  }
  return (
    <>
      <ul className="studio-list">
        {pages.edges.map(({ node }) => <li key={node.id}><CourseRow course={node} /></li>)}
      </ul>
      {pages.error && <ErrorNotice error={pages.error} />}
      <MoreButton pages={pages} />
    </>
  );
}

const CourseRow = ({ course }: { readonly course: TaughtCourse }) => (
  <article className="studio-row">
    <Picture image={course.thumbnail} sizes="128px" width={128} height={72} />
    <div className="studio-row-text">
      <h3><Link href={`/studio/courses/${course.id}`}>{course.title}</Link></h3>
      <p className="muted">
        <StatusBadge status={course.status} />
        <span>{formatCount(course.videos.totalCount, "video")}</span>
        <Price price={course.price} />
      </p>
    </div>
    <p className="studio-row-figures">
      <span>{formatCount(course.enrollmentCount, "student")}</span>
      <Rating rating={course.rating} count={course.reviewCount} />
    </p>
  </article>
);
