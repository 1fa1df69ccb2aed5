import { useState } from "react";
import { useMutation } from "../../api/mutation";
import { VerifyEmailDocument } from "../../generated/account";
import { takeToken } from "../../state/mail-token";
import { Button, ButtonLink } from "../../ui/button";
import { FormNotice } from "../../ui/form-notice";
import { PageFrame } from "../../ui/page";

// The page of the link in the mail that verifies an email. Scanners of mails open links and press nothing, so a
// button sends the token.
export default function VerifyEmailPage() {
  const [token] = useState(takeToken);
  const [email, setEmail] = useState<string>();
  const { send, sending, error, problems } = useMutation(VerifyEmailDocument);

  async function verify() {
    const { data } = await send({ token: token ?? "" });
    setEmail(data?.verifyEmail.email ?? undefined);
  }

  if (email) {
    return (
      <PageFrame title="Your email is verified" narrow intro={email}>
        <ButtonLink href="/" kind="primary">All courses</ButtonLink>
      </PageFrame>
    );
  }
  return (
    <PageFrame title="Verify your email" narrow>
      {token ? <Button kind="primary" busy={sending} onClick={() => void verify()}>Verify my email</Button>
        : <p className="notice">Open the link in the mail. You can request another one <a href="/account">in your account</a>.</p>}
      <FormNotice error={error} problems={problems} fields={[]} />
    </PageFrame>
  );
}
