import { useMutation } from "../../api/mutation";
import { DeleteSectionDocument, DeleteVideoDocument } from "../../generated/studio-curriculum";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { FormNotice } from "../../ui/form-notice";
import type { Row } from "./order";

interface DeleteDialogProps {
  readonly row: Row;
  readonly title: string;
  readonly onClose: () => void;
}

// DeleteDialog deletes a video with the progress of its students, or a section without its videos.
export function DeleteDialog({ row, title, onClose }: DeleteDialogProps) {
  const deleteVideo = useMutation(DeleteVideoDocument);
  const deleteSection = useMutation(DeleteSectionDocument);
  const mutation = row.kind === "video" ? deleteVideo : deleteSection;
  const { sending, error, problems } = mutation;

  async function remove() {
    const { ok } = await mutation.send({ id: row.id });
    if (ok) onClose();
  }

  return (
    <ConfirmDialog open title={`Delete this ${row.kind}?`} action={`Delete ${row.kind}`} busy={sending} onConfirm={() => void remove()} onClose={onClose}>
      <p>{row.kind === "video"
        ? `“${title}” is deleted with the progress of all students in it. This cannot be undone.`
        : `The videos of “${title}” stay: they join the section before it.`}</p>
      <FormNotice error={error} problems={problems} fields={[]} />
    </ConfirmDialog>
  );
}
