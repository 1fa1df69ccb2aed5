import type { FormEvent } from "react";
import { useMutation } from "../../api/mutation";
import { ChangePasswordDocument } from "../../generated/account";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Field } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { formatCount } from "../../ui/format";
import { showToast } from "../../ui/toast";

// PasswordForm changes the password, which ends all other sessions.
export function PasswordForm() {
  const { send, sending, error, problems } = useMutation(ChangePasswordDocument, { changes: ["Session"] });

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const values = new FormData(form);
    const { data, ok } = await send({ input: { currentPassword: String(values.get("currentPassword")), newPassword: String(values.get("newPassword")) } });
    if (!ok) return;
    form.reset();
    showToast(`Your password is changed. ${formatCount(data?.changePassword.revokedSessionsCount ?? 0, "other session")} ended.`);
  }

  return (
    <Card title="Password">
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Field label="Current password" name="currentPassword" type="password" autoComplete="current-password" problem={problemOf(problems, "currentPassword")} />
        <Field label="New password" name="newPassword" type="password" autoComplete="new-password" hint="At least 10 characters. All other sessions end."
          problem={problemOf(problems, "newPassword")} />
        <FormNotice error={error} problems={problems} fields={["currentPassword", "newPassword"]} />
        <Button type="submit" kind="primary" busy={sending}>Change password</Button>
      </form>
    </Card>
  );
}
