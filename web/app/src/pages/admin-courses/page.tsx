import { Link, useSearchParams } from "wouter";
import { usePages } from "../../api/use-pages";
import { AdminCoursesDocument } from "../../generated/admin";
import type { CourseOrderField } from "../../generated/types";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { SelectField } from "../../ui/field";
import { formatCount, formatDate, formatNumber } from "../../ui/format";
import { MoreButton } from "../../ui/more-button";
import { Rating } from "../../ui/rating";
import { SkeletonLines } from "../../ui/skeleton";
import { AdminFrame } from "../admin/admin-frame";

const orders: readonly { readonly key: CourseOrderField; readonly label: string }[] = [
  { key: "PUBLISHED_AT", label: "Newest" },
  { key: "ENROLLMENTS", label: "Most students" },
  { key: "RATING", label: "Best rated" },
  { key: "TITLE", label: "Title" },
  { key: "PRICE", label: "Highest price" },
];

// The published courses, with links to the studio, where an admin may change any of them.
export default function AdminCoursesPage() {
  const [search, setSearch] = useSearchParams();
  const order = orders.find(({ key }) => key === search.get("order"))?.key ?? "PUBLISHED_AT";
  const category = search.get("category") ?? "";
  const pages = usePages(AdminCoursesDocument, {
    orderBy: { field: order, direction: order === "TITLE" ? "ASC" : "DESC" },
    ...(category && { filter: { categoryIds: [category] } }),
  }, (data) => data.courses);
  const choose = (name: string, value: string) =>
    setSearch((before) => ({ ...Object.fromEntries(before), [name]: value }), { replace: true });
  const total = pages.data?.courses.totalCount;

  return (
    <AdminFrame current="/admin/courses" title="Courses" intro="Drafts and archived courses are listed with their instructors.">
      <div className="admin-filters">
        <SelectField label="Order" value={order} onChange={({ target }) => choose("order", target.value)}>
          {orders.map(({ key, label }) => <option key={key} value={key}>{label}</option>)}
        </SelectField>
        <SelectField label="Category" value={category} onChange={({ target }) => choose("category", target.value)}>
          <option value="">All</option>
          {pages.data?.categories.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </SelectField>
      </div>
      {pages.error && <ErrorNotice error={pages.error} onRetry={pages.refetch} />}
      {pages.fetching && <SkeletonLines count={10} />}
      {total === 0 && <Empty title="No courses in this category" />}
      {total !== undefined && total > 0 && (
        <>
          <p className="muted">{formatCount(total, "course")}</p>
          <div className="table-scroll" role="group" aria-label="Courses" tabIndex={0}>
            <table className="table">
              <thead>
                <tr><th scope="col">Course</th><th scope="col">Instructor</th><th scope="col" className="table-number">Students</th><th scope="col">Rating</th><th scope="col">Published</th><th scope="col"><span className="visually-hidden">Actions</span></th></tr>
              </thead>
              <tbody>
                {pages.edges.map(({ node: course }) => (
                  <tr key={course.id}>
                    <th scope="row"><Link href={`/courses/${course.slug}`}>{course.title}</Link></th>
                    <td><Link href={`/admin/people/${course.instructor.id}`}>{course.instructor.name}</Link></td>
                    <td className="table-number">{formatNumber(course.enrollmentCount)}</td>
                    <td><Rating rating={course.rating} /></td>
                    <td>{course.publishedAt && formatDate(course.publishedAt)}</td>
                    <td><Link href={`/studio/courses/${course.id}`} aria-label={`Open ${course.title} in the studio`}>Studio</Link></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <MoreButton pages={pages} />
        </>
      )}
    </AdminFrame>
  );
}
