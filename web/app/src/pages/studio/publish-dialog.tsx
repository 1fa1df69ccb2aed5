import { useMutation } from "../../api/mutation";
import { PublishCourseDocument, UnpublishCourseDocument } from "../../generated/studio";
import type { StudioCourseFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { Dialog } from "../../ui/dialog";
import { FormNotice } from "../../ui/form-notice";
import { showToast } from "../../ui/toast";
import { missingParts } from "./missing-parts";

export interface PublishDialogProps {
  readonly course: StudioCourseFragment;
  readonly onClose: () => void;
}

// PublishDialog publishes a course, after it has shown what is missing, or unpublishes it.
export default function PublishDialog(props: PublishDialogProps) {
  return props.course.status === "PUBLISHED" ? <Unpublish {...props} /> : <Publish {...props} />;
}

function Publish({ course, onClose }: PublishDialogProps) {
  const { send, sending, error, problems } = useMutation(PublishCourseDocument);
  const parts = missingParts(course);
  const missing = parts.filter(({ present }) => !present);

  async function publish() {
    const { ok } = await send({ id: course.id });
    if (!ok) return;
    onClose();
    showToast("The course is published.");
  }

  return (
    <Dialog open title={missing.length > 0 ? "Before you publish" : "Ready to publish"} onClose={onClose}>
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
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" busy={sending} disabled={missing.some(({ required }) => required)} onClick={() => void publish()}>
          {missing.length > 0 ? "Publish anyway" : "Publish"}
        </Button>
      </footer>
    </Dialog>
  );
}

function Unpublish({ course, onClose }: PublishDialogProps) {
  const { send, sending, error, problems } = useMutation(UnpublishCourseDocument);

  async function unpublish() {
    const { ok } = await send({ id: course.id });
    if (!ok) return;
    onClose();
    showToast("The course is archived.");
  }

  return (
    <ConfirmDialog open title="Unpublish this course?" action="Unpublish" busy={sending}
      onConfirm={() => void unpublish()} onClose={onClose}>
      <p>It disappears from the catalogue. Students who are enrolled can go on.</p>
      <FormNotice error={error} problems={problems} fields={[]} />
    </ConfirmDialog>
  );
}
