import { type FormEvent, type ReactNode, useState } from "react";
import type { SessionError, SessionResult } from "../api/session";
import { Button } from "../ui/button";

interface SessionFormProps {
  readonly action: string;
  readonly busyText: string;
  readonly next: string;
  readonly fields: readonly string[]; // that have a place for a problem
  readonly onSend: (form: FormData) => Promise<SessionResult>;
  readonly children: (problem: (field: string) => string | undefined, sending: boolean) => ReactNode;
}

// SessionForm sends a sign-in or a sign-up, and then loads the next page with the new session.
export function SessionForm({ action, busyText, next, fields, onSend, children }: SessionFormProps) {
  const [sending, setSending] = useState(false);
  const [errors, setErrors] = useState<readonly SessionError[]>([]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setSending(true);
    setErrors([]);
    const result = await onSend(new FormData(event.currentTarget));
    if ("viewer" in result) return location.assign(next);
    setErrors(result.errors);
    return setSending(false);
  }

  const general = errors.filter(({ field }) => !field || !fields.includes(field));
  return (
    <form className="card" onSubmit={submit}>
      {general.length > 0 && <div className="notice notice-error" role="alert">{general.map(({ message }) => <p key={message}>{message}</p>)}</div>}
      {children((field) => errors.find((error) => error.field === field)?.message, sending)}
      <Button type="submit" kind="primary" busy={sending}>{sending ? busyText : action}</Button>
    </form>
  );
}
