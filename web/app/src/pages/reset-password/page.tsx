import { type FormEvent, useState } from "react";
import { useMutation } from "../../api/mutation";
import { RequestPasswordResetDocument, ResetPasswordDocument } from "../../generated/account";
import { takeToken } from "../../state/mail-token";
import { Button, ButtonLink } from "../../ui/button";
import { Field } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { PageFrame } from "../../ui/page";

// A forgotten password: without a token, a mail with a link can be requested; the link has the token.
export default function ResetPasswordPage() {
  const [token] = useState(takeToken);
  return token ? <NewPassword token={token} /> : <RequestMail />;
}

function RequestMail() {
  const { send, sending, error, problems } = useMutation(RequestPasswordResetDocument);
  const [sent, setSent] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const { ok } = await send({ email: String(new FormData(event.currentTarget).get("email")) });
    setSent(ok);
  }

  return (
    <PageFrame title="Forgotten password" narrow>
      {sent ? <p className="notice" role="status">If there is an account with this email, a mail is on its way. Its link is valid for an hour.</p> : (
        <form className="form" onSubmit={(event) => void submit(event)} noValidate>
          <Field label="Email" name="email" type="email" autoComplete="email" problem={problemOf(problems, "email")} />
          <FormNotice error={error} problems={problems} fields={["email"]} />
          <Button type="submit" kind="primary" busy={sending}>Send a link</Button>
        </form>
      )}
    </PageFrame>
  );
}

function NewPassword({ token }: { readonly token: string }) {
  const { send, sending, error, problems } = useMutation(ResetPasswordDocument);
  const [done, setDone] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const { ok } = await send({ token, newPassword: String(new FormData(event.currentTarget).get("newPassword")) });
    setDone(ok);
  }

  if (done) {
    return (
      <PageFrame title="Your password is changed" narrow intro="All sessions have ended. Sign in with the new password.">
        <ButtonLink href="/sign-in" kind="primary">Sign in</ButtonLink>
      </PageFrame>
    );
  }
  return (
    <PageFrame title="New password" narrow>
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Field label="New password" name="newPassword" type="password" autoComplete="new-password" hint="At least 10 characters." problem={problemOf(problems, "newPassword")} />
        <FormNotice error={error} problems={problems} fields={["newPassword"]} />
        <Button type="submit" kind="primary" busy={sending}>Set password</Button>
      </form>
    </PageFrame>
  );
}
