import { useState } from "react";
import { useLocation } from "wouter";
import { useMutation } from "../../api/mutation";
import { useQuery } from "../../api/query";
import { DeleteCourseDocument, StudioCoursePageDocument, UpdateCourseDocument } from "../../generated/studio";
import type { CourseInput, StudioCourseFragment } from "../../generated/types";
import type { PageProps } from "../../pages";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { FormNotice } from "../../ui/form-notice";
import { showToast } from "../../ui/toast";
import { CourseForm } from "../studio/course-form";
import { CourseFrame } from "../studio/course-frame";
import { CourseState } from "../studio/course-state";

// The details of a course in the studio.
export default function StudioCoursePage({ params: { id = "" } }: PageProps) {
  const query = useQuery(StudioCoursePageDocument, { id });
  const { send, ...state } = useMutation(UpdateCourseDocument);
  const course = query.data?.course;
  if (!query.data || !course?.viewerCanUpdate) return <CourseState state={query} />;

  async function save(input: CourseInput) {
    const { ok } = await send({ input: { id, ...input } });
    if (ok) showToast("Saved.");
  }

  return (
    <CourseFrame course={course} tab="details">
      <Card className="card-form">
        <CourseForm key={course.id} course={course} categories={query.data.categories} onSubmit={(input) => void save(input)} {...state} />
      </Card>
      <DeleteCourse course={course} />
    </CourseFrame>
  );
}

function DeleteCourse({ course }: { readonly course: StudioCourseFragment }) {
  const [open, setOpen] = useState(false);
  const [, navigate] = useLocation();
  const { send, sending, error, problems } = useMutation(DeleteCourseDocument, { changes: ["Course", "User"] });

  async function remove() {
    const { ok } = await send({ id: course.id });
    if (!ok) return;
    showToast("The course is deleted.");
    navigate("/studio");
  }

  return (
    <Card title="Delete the course" className="card-form">
      <p className="muted">Only a course that no student ever took can be deleted. Others can be unpublished.</p>
      <p className="form-actions"><Button kind="danger" onClick={() => setOpen(true)}>Delete course</Button></p>
      <ConfirmDialog open={open} title="Delete this course?" action="Delete course" busy={sending} onConfirm={() => void remove()} onClose={() => setOpen(false)}>
        <p>“{course.title}” is deleted with all its videos. This cannot be undone.</p>
        <FormNotice error={error} problems={problems} fields={[]} />
      </ConfirmDialog>
    </Card>
  );
}
