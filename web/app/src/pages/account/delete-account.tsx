import { type FormEvent, useState } from "react";
import { useMutation } from "../../api/mutation";
import { signOut } from "../../api/session";
import { DeleteAccountDocument } from "../../generated/account";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Dialog } from "../../ui/dialog";
import { Field } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";

// DeleteAccount deletes the account once its password is confirmed.
export function DeleteAccount() {
  const [open, setOpen] = useState(false);
  const { send, sending, error, problems } = useMutation(DeleteAccountDocument);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    const { ok } = await send({ password: password || null });
    if (ok) await signOut();
  }

  return (
    <Card title="Delete the account">
      <p className="muted">Your enrollments, watch time, reviews, wishlist, certificates and sessions are deleted with it.</p>
      <p className="form-actions"><Button kind="danger" onClick={() => setOpen(true)}>Delete account</Button></p>
      <Dialog open={open} title="Delete your account?" onClose={() => setOpen(false)}>
        <form className="form" onSubmit={(event) => void submit(event)} noValidate>
          <p>This cannot be undone. Enter your password to confirm.</p>
          <Field label="Password" name="password" type="password" autoComplete="current-password" problem={problemOf(problems, "password")} />
          <FormNotice error={error} problems={problems} fields={["password"]} />
          <footer className="dialog-footer">
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" kind="danger" busy={sending}>Delete account</Button>
          </footer>
        </form>
      </Dialog>
    </Card>
  );
}
