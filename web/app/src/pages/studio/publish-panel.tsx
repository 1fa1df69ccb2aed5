import { useState } from "react";
import { useMutation } from "../../api/mutation";
import { PublishCourseDocument, UnpublishCourseDocument } from "../../generated/studio";
import type { StudioCourseFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { Dialog } from "../../ui/dialog";
import { FormNotice } from "../../ui/form-notice";
import { showToast } from "../../ui/toast";
import { missingParts } from "./missing-parts";

// PublishPanel publishes a course, after it has shown what is missing, or unpublishes it.
export const PublishPanel = ({ course }: { readonly course: StudioCourseFragment }) =>
  (course.status === "PUBLISHED" ? <Unpublish course={course} /> : <Publish course={course} />);

function Publish({ course }: { readonly course: StudioCourseFragment }) {
  const [open, setOpen] = useState(false);
  const { send, sending, error, problems } = useMutation(PublishCourseDocument);
  const parts = missingParts(course);
  const missing = parts.filter(({ present }) => !present);

  async function publish() {
    const { ok } = await send({ id: course.id });
    if (!ok) return;
    setOpen(false);
    showToast("The course is published.");
  }

  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>Publish</Button>
      <Dialog open={open} title={missing.length > 0 ? "Before you publish" : "Ready to publish"} onClose={() => setOpen(false)}>
        <ul className="checklist">
          {parts.map(({ label, present, required }) => (
            <li key={label} className={present ? "is-done" : ""}>
              <span className={present ? "check check-done" : "check"} aria-hidden="true" />
              <span>{label} <span className="muted">{present ? "is there" : required ? "is missing" : "is missing; recommended"}</span></span>
            </li>
          ))}
        </ul>
        <p className="muted">Everyone can see the course once it is published.</p>
        <FormNotice error={error} problems={problems} fields={[]} />
        <footer className="dialog-footer">
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button kind="primary" busy={sending} disabled={missing.some(({ required }) => required)} onClick={() => void publish()}>
            {missing.length > 0 ? "Publish anyway" : "Publish"}
          </Button>
        </footer>
      </Dialog>
    </>
  );
}

function Unpublish({ course }: { readonly course: StudioCourseFragment }) {
  const [open, setOpen] = useState(false);
  const { send, sending, error, problems } = useMutation(UnpublishCourseDocument);

  async function unpublish() {
    const { ok } = await send({ id: course.id });
    if (!ok) return;
    setOpen(false);
    showToast("The course is archived.");
  }

  return (
    <>
      <Button onClick={() => setOpen(true)}>Unpublish</Button>
      <ConfirmDialog open={open} title="Unpublish this course?" action="Unpublish" busy={sending}
        onConfirm={() => void unpublish()} onClose={() => setOpen(false)}>
        <p>It disappears from the catalogue. Students who are enrolled can go on.</p>
        <FormNotice error={error} problems={problems} fields={[]} />
      </ConfirmDialog>
    </>
  );
}
