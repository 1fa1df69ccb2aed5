import { useLocation } from "wouter";
import { useMutation } from "../../api/mutation";
import { useQuery } from "../../api/query";
import { CreateCourseDocument, StudioNewCourseDocument } from "../../generated/studio";
import type { CourseInput } from "../../generated/types";
import { ErrorNotice } from "../../ui/error-notice";
import { PageFrame } from "../../ui/page";
import { SkeletonLines } from "../../ui/skeleton";
import { CourseForm } from "../studio/course-form";
import "../../styles/parts.css";
import "../studio/studio.css";

// A new course is a draft, which only its instructor sees.
export default function StudioNewPage() {
  const { data, error, refetch } = useQuery(StudioNewCourseDocument, {});
  const { send, ...state } = useMutation(CreateCourseDocument);
  const [, navigate] = useLocation();

  async function create(input: CourseInput) {
    const { data: result } = await send({ input });
    const course = result?.createCourse.course;
    if (course) navigate(`/studio/courses/${course.id}/curriculum`);
  }

  return (
    <PageFrame title="New course" narrow className="studio" intro="It starts as a draft that only you can see.">
      {data
        ? <CourseForm categories={data.categories} onSubmit={(input) => void create(input)} {...state} />
        : error ? <ErrorNotice error={error} onRetry={refetch} /> : <SkeletonLines count={8} />}
    </PageFrame>
  );
}
