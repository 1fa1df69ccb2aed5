import "./course.css";
import { Suspense, lazy, useEffect, useState } from "react";
import { Link } from "wouter";
import { useQuery } from "../../api/query";
import { useEnroll } from "../../browse/use-enroll";
import { CoursePageDocument, CourseViewerDocument } from "../../generated/course";
import type { CoursePageQuery, CoursePageQueryVariables } from "../../generated/types";
import type { PageProps } from "../../pages";
import { readVariables } from "../../routes";
import { useUser } from "../../state/store";
import { CourseCard } from "../../ui/course-card";
import { ErrorNotice } from "../../ui/error-notice";
import { PageFrame } from "../../ui/page";
import { SkeletonLines } from "../../ui/skeleton";
import { whenIdle } from "../../ui/when-idle";
import { CourseHeader } from "./course-header";
import { Curriculum } from "./curriculum";
import { Instructor } from "./instructor";
import { Reviews } from "./reviews";

const loadPreviewDialog = () => import("./preview-dialog");
const PreviewDialog = lazy(loadPreviewDialog);

export type Course = NonNullable<CoursePageQuery["course"]>;

interface ListProps {
  readonly title: string;
  readonly items: readonly string[];
  readonly className: string;
}

const List = ({ title, items, className }: ListProps) => (items.length === 0 ? null : (
  <section className="course-section">
    <h2>{title}</h2>
    <ul className={className}>{items.map((item) => <li key={item}>{item}</li>)}</ul>
  </section>
));

function Related({ course }: { readonly course: Course }) {
  const { enroll, stateOf } = useEnroll();
  if (course.relatedCourses.length === 0) return null;
  return (
    <section className="course-section course-related">
      <h2>Students also took</h2>
      <ul className="course-grid">
        {course.relatedCourses.map((related) => <li key={related.id}><CourseCard course={related} onEnroll={enroll} enrollState={stateOf(related.id)} /></li>)}
      </ul>
    </section>
  );
}

// useCourseViewer returns what the course is to the viewer: enrolled, on the wishlist, reviewed.
function useCourseViewer(id: string | undefined) {
  const user = useUser();
  return useQuery(CourseViewerDocument, { id: id ?? "" }, { pause: !user || !id }).data?.course ?? undefined;
}

function CourseView({ course }: { readonly course: Course }) {
  const viewer = useCourseViewer(course.id);
  const [preview, setPreview] = useState<string>();
  const firstPreview = course.videos.nodes.find(({ isPreview }) => isPreview);
  useEffect(() => {
    if (firstPreview) whenIdle(() => loadPreviewDialog().catch(() => {})); // opening it reports a failure
  }, [firstPreview]);
  return (
    <>
      <CourseHeader course={course} viewer={viewer} onPreview={firstPreview && (() => setPreview(firstPreview.id))} />
      <div className="course-columns">
        <List title="What you will learn" items={course.learningOutcomes} className="check-list" />
        <section className="course-section">
          <h2>About this course</h2>
          <p className="prose">{course.description}</p>
          {course.tags.length > 0 && (
            <ul className="choices course-tags" aria-label="Topics">
              {course.tags.map((tag) => <li key={tag}><Link className="choice" href={`/?tag=${encodeURIComponent(tag)}`}>#{tag}</Link></li>)}
            </ul>
          )}
        </section>
        <Curriculum course={course} canWatch={Boolean(viewer?.viewerEnrollment || viewer?.viewerCanUpdate)} onPreview={setPreview} />
        <List title="Requirements" items={course.requirements} className="bullet-list" />
        <Instructor instructor={course.instructor} />
        <Reviews course={course} viewer={viewer} />
      </div>
      <Related course={course} />
      {preview && <Suspense><PreviewDialog videoId={preview} onClose={() => setPreview(undefined)} /></Suspense>}
    </>
  );
}

export default function CoursePage({ route, params }: PageProps) {
  const variables = readVariables<CoursePageQueryVariables>(route, params, new URLSearchParams());
  const { data, error, refetch } = useQuery(CoursePageDocument, variables, { public: true });
  const course = data?.course;
  if (data && !course) {
    return (
      <PageFrame title="Course not found" intro="It may have been unpublished, or the link is mistyped." narrow>
        <Link href="/" className="button button-primary">All courses</Link>
      </PageFrame>
    );
  }
  return (
    <PageFrame title={course?.title ?? "Course"} heading={null} className="course-page">
      {error && !data && <ErrorNotice error={error} onRetry={refetch} />}
      {!data && !error && <SkeletonLines count={8} label="Loading the course" />}
      {course && <CourseView course={course} />}
    </PageFrame>
  );
}
