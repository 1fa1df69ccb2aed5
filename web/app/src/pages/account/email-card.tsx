import { useMutation } from "../../api/mutation";
import { RequestEmailVerificationDocument } from "../../generated/account";
import type { AccountProfileFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { FormNotice } from "../../ui/form-notice";
import { formatDate } from "../../ui/format";
import { showToast } from "../../ui/toast";

const plans = { FREE: "Free", PREMIUM: "Premium" } as const;

// EmailCard shows what cannot be changed here, and sends the mail that verifies the email.
export function EmailCard({ viewer }: { readonly viewer: AccountProfileFragment }) {
  const { send, sending, error, problems } = useMutation(RequestEmailVerificationDocument);

  async function request() {
    const { ok } = await send({});
    if (ok) showToast("A mail with a link is on its way.");
  }

  return (
    <Card title="Email and plan">
      <dl className="facts">
        <div><dt>Email</dt><dd>{viewer.email}</dd></div>
        <div><dt>Verified</dt><dd>{viewer.emailVerifiedAt ? formatDate(viewer.emailVerifiedAt) : <Button busy={sending} onClick={() => void request()}>Send a mail to verify</Button>}</dd></div>
        <div><dt>Plan</dt><dd>{viewer.plan ? plans[viewer.plan] : "–"}</dd></div>
        <div><dt>Member since</dt><dd>{formatDate(viewer.createdAt)}</dd></div>
      </dl>
      <FormNotice error={error} problems={problems} fields={[]} />
    </Card>
  );
}
