import { useState } from "react";
import { useMutation } from "../../api/mutation";
import { signOut } from "../../api/session";
import { formatAgo } from "../../charts/series";
import { RevokeSessionDocument } from "../../generated/account";
import type { AccountPageQuery } from "../../generated/types";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { FormNotice } from "../../ui/form-notice";
import { formatDate } from "../../ui/format";
import { showToast } from "../../ui/toast";

type Session = NonNullable<NonNullable<AccountPageQuery["viewer"]>["sessions"]>[number];

// SessionList shows where the account is signed in, and ends sessions.
export function SessionList({ sessions }: { readonly sessions: readonly Session[] }) {
  const [ending, setEnding] = useState<Session>();
  const { send, sending, error, problems } = useMutation(RevokeSessionDocument, { changes: ["Session"] });

  async function end() {
    if (!ending) return;
    const { ok } = await send({ id: ending.id });
    if (!ok) return;
    setEnding(undefined);
    showToast("The session has ended.");
  }

  return (
    <Card title="Where you are signed in">
      <ul className="session-list">
        {sessions.map((session) => (
          <li key={session.id}>
            <div>
              <b>{session.device ?? "Unknown device"}</b> {session.isCurrent && <span className="badge badge-published">This device</span>}
              <p className="muted">Used {formatAgo(session.lastUsedAt)}, signed in on {formatDate(session.createdAt)}</p>
            </div>
            {session.isCurrent
              ? <Button onClick={() => void signOut()}>Sign out</Button>
              : <Button onClick={() => setEnding(session)} aria-label={`End the session of ${session.device ?? "an unknown device"}`}>End</Button>}
          </li>
        ))}
      </ul>
      <ConfirmDialog open={ending !== undefined} title="End this session?" action="End session" busy={sending} onConfirm={() => void end()} onClose={() => setEnding(undefined)}>
        <p>{ending?.device ?? "The device"} is signed out at once.</p>
        <FormNotice error={error} problems={problems} fields={[]} />
      </ConfirmDialog>
    </Card>
  );
}
