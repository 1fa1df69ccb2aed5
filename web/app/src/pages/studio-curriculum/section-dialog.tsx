import type { FormEvent } from "react";
import { useMutation } from "../../api/mutation";
import { AddSectionDocument, UpdateSectionDocument } from "../../generated/studio-curriculum";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";

interface SectionDialogProps {
  readonly courseId: string;
  readonly section?: { readonly id: string; readonly title: string } | undefined; // without it, the dialog adds one
  readonly onClose: () => void;
}

// SectionDialog adds a section to a course, or renames one.
export function SectionDialog({ courseId, section, onClose }: SectionDialogProps) {
  const add = useMutation(AddSectionDocument);
  const update = useMutation(UpdateSectionDocument);
  const { sending, error, problems } = section ? update : add;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get("title"));
    const { ok } = section ? await update.send({ input: { id: section.id, title } }) : await add.send({ input: { courseId, title } });
    if (ok) onClose();
  }

  return (
    <Dialog open title={section ? "Rename section" : "Add section"} onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Field label="Title" name="title" maxLength={200} autoFocus defaultValue={section?.title} problem={problemOf(problems, "title")} />
        <FormNotice error={error} problems={problems} fields={["title"]} />
        <footer className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={sending}>{section ? "Save" : "Add section"}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
