import { useState } from "react";
import { Link } from "wouter";
import { useQuery } from "../../api/query";
import { AdminPeopleDocument } from "../../generated/admin";
import { Avatar } from "../../ui/avatar";
import { Card } from "../../ui/card";
import { ErrorNotice } from "../../ui/error-notice";
import { Field } from "../../ui/field";
import { formatCount } from "../../ui/format";
import { SkeletonLines } from "../../ui/skeleton";
import { useDebounced } from "../../ui/use-debounced";
import { AdminFrame } from "../admin/admin-frame";

// People are found by what they teach or take: the API lists instructors by name, and students by course.
export default function AdminPeoplePage() {
  const [text, setText] = useState("");
  const prefix = useDebounced(text.trim(), 200);
  const { data, error, fetching, refetch } = useQuery(AdminPeopleDocument, { prefix }, { pause: prefix === "" });
  const instructors = data?.suggest.flatMap(({ instructor }) => instructor ?? []) ?? [];
  const courses = data?.suggest.flatMap(({ course }) => course ?? []) ?? [];
  return (
    <AdminFrame current="/admin/people" title="People" intro="Find an instructor by name, or a student in the list of a course.">
      <div className="admin-filters">
        <Field label="Name or course" type="search" value={text} autoComplete="off" onChange={({ target }) => setText(target.value)} />
      </div>
      {error && <ErrorNotice error={error} onRetry={refetch} />}
      {fetching && <SkeletonLines count={4} />}
      <div role="status">
        {data && instructors.length + courses.length === 0 && <p className="muted">Nothing found for “{prefix}”.</p>}
      </div>
      <div className="columns">
        {instructors.length > 0 && (
          <Card title="Instructors">
            <ul className="people">
              {instructors.map(({ id, name, avatarUrl, instructorProfile }) => (
                <li key={id}>
                  <Avatar name={name} url={avatarUrl} />
                  <div>
                    <Link href={`/admin/people/${id}`}>{name}</Link>
                    {instructorProfile && <p className="muted">{formatCount(instructorProfile.courseCount, "course")}, {formatCount(instructorProfile.studentCount, "student")}</p>}
                  </div>
                </li>
              ))}
            </ul>
          </Card>
        )}
        {courses.length > 0 && (
          <Card title="Students of a course">
            <ul className="people">
              {courses.map(({ id, title, enrollmentCount, instructor }) => (
                <li key={id}>
                  <div>
                    <Link href={`/studio/courses/${id}/analytics`}>{title}</Link>
                    <p className="muted">{formatCount(enrollmentCount, "student")} of {instructor.name}</p>
                  </div>
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
    </AdminFrame>
  );
}
