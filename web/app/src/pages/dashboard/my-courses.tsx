import { useEffect, useState } from "react";
import { usePages } from "../../api/use-pages";
import { DashboardCoursesDocument } from "../../generated/dashboard";
import type { EnrollmentStatus } from "../../generated/types";
import { ErrorNotice } from "../../ui/error-notice";
import { MoreButton } from "../../ui/more-button";
import { SkeletonLines } from "../../ui/skeleton";
import { Tabs } from "../../ui/tabs";
import { EnrollmentGrid } from "./enrollment-card";

const tabs = [
  { key: "IN_PROGRESS", label: "In progress" },
  { key: "NOT_STARTED", label: "Not started" },
  { key: "COMPLETED", label: "Completed" },
];

// MyCourses lists all courses that the viewer takes, by their status.
export function MyCourses() {
  const [status, setStatus] = useState("IN_PROGRESS");
  return (
    <section aria-labelledby="my-courses">
      <h2 id="my-courses">My courses</h2>
      <Tabs label="My courses by status" tabs={tabs} selected={status} onSelect={setStatus}>
        <CourseList key={status} status={status as EnrollmentStatus} />
      </Tabs>
    </section>
  );
}

function CourseList({ status }: { readonly status: EnrollmentStatus }) {
  const pages = usePages(DashboardCoursesDocument, { status }, (data) => data.viewer?.enrollments);
  useEffect(() => {
    if (!pages.fetching) pages.refetch(); // the stored response does not have the progress of this visit
  }, []);
  if (pages.fetching) return <SkeletonLines count={4} />;
  return (
    <>
      {pages.error && <ErrorNotice error={pages.error} onRetry={pages.refetch} />}
      {pages.edges.length === 0 && !pages.error && <p className="muted">No courses here.</p>}
      <EnrollmentGrid enrollments={pages.edges.map(({ node }) => node)} />
      <MoreButton pages={pages} />
    </>
  );
}
