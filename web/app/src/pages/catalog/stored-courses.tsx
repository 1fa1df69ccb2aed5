import type { CombinedError } from "@urql/core";
import { useEnroll } from "../../browse/use-enroll";
import { useAppStore } from "../../state/store";
import { CourseCard } from "../../ui/course-card";
import { ErrorNotice } from "../../ui/error-notice";
import { PageFrame } from "../../ui/page";

interface StoredCoursesProps {
  readonly error: CombinedError;
  readonly onRetry: () => void;
}

// StoredCourses shows the courses of the last visit while the server cannot be reached.
export default function StoredCourses({ error, onRetry }: StoredCoursesProps) {
  const courses = useAppStore((state) => state.courses.data);
  const { enroll, stateOf } = useEnroll();
  return (
    <PageFrame title="Courses" heading="Find your next course">
      <ErrorNotice error={error} onRetry={onRetry} />
      {courses.length > 0 && (
        <>
          <p className="muted results-bar">These courses are from your last visit.</p>
          <ul className="course-grid">
            {courses.map((course) => <li key={course.id}><CourseCard course={course} onEnroll={enroll} enrollState={stateOf(course.id)} /></li>)}
          </ul>
        </>
      )}
    </PageFrame>
  );
}
