import type { FormEvent } from "react";
import { useState } from "react";
import { useMutation } from "../../api/mutation";
import { BulkEnrollDocument } from "../../generated/studio-analytics";
import type { BulkEnrollMutation } from "../../generated/types";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { formatCount } from "../../ui/format";

interface BulkEnrollDialogProps {
  readonly courseId: string;
  readonly open: boolean;
  readonly onClose: () => void;
}

// BulkEnrollDialog enrolls accounts by their emails, all or none, and lists those without an account.
export function BulkEnrollDialog({ courseId, open, onClose }: BulkEnrollDialogProps) {
  const { send, sending, error, problems } = useMutation(BulkEnrollDocument, { changes: ["Course", "Enrollment"] });
  const [result, setResult] = useState<BulkEnrollMutation["bulkEnroll"]>();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const emails = String(new FormData(event.currentTarget).get("emails")).split(/[\s,;]+/).filter(Boolean);
    const { data, ok } = await send({ input: { courseId, emails } });
    setResult(ok ? data?.bulkEnroll : undefined);
  }

  function close() {
    setResult(undefined);
    onClose();
  }

  return (
    <Dialog open={open} title="Enroll by email" onClose={close}>
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <TextField label="Emails" name="emails" rows={8} hint="Separated by lines, blanks or commas; at most 50,000." problem={problemOf(problems, "emails")} />
        {sending && <progress className="progress" aria-label="Enrolling" />}
        {result && (
          <div className="notice" role="status">
            <p>{formatCount(result.enrolledCount, "student")} enrolled, {result.alreadyEnrolledCount} enrolled before.</p>
            {result.unknownEmails.length > 0 && (
              <details>
                <summary>{formatCount(result.unknownEmails.length, "email")} without an account</summary>
                <p className="email-list">{result.unknownEmails.join(", ")}</p>
              </details>
            )}
          </div>
        )}
        <FormNotice error={error} problems={problems} fields={["emails"]} />
        <footer className="dialog-footer">
          <Button onClick={close}>Close</Button>
          <Button type="submit" kind="primary" busy={sending}>Enroll</Button>
        </footer>
      </form>
    </Dialog>
  );
}
