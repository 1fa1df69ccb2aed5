import { lazy, Suspense, useState } from "react";
import type { StudioCourseFragment } from "../../generated/types";
import { Button } from "../../ui/button";

const PublishDialog = lazy(() => import("./publish-dialog"));

// PublishPanel opens the dialog that publishes a course, or unpublishes it.
export function PublishPanel({ course }: { readonly course: StudioCourseFragment }) {
  const [open, setOpen] = useState(false);
  const published = course.status === "PUBLISHED";
  return (
    <>
      <Button kind={published ? "secondary" : "primary"} onClick={() => setOpen(true)}>{published ? "Unpublish" : "Publish"}</Button>
      <Suspense>{open && <PublishDialog course={course} onClose={() => setOpen(false)} />}</Suspense>
    </>
  );
}
