import type { CombinedError } from "@urql/core";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { describeError } from "../api/errors";
import { useOnline } from "./use-online";
import { Button, ButtonLink } from "./button";

interface ErrorNoticeProps {
  readonly error: CombinedError;
  readonly onRetry?: () => void;
}

// ErrorNotice says what happened and offers what helps. It tries again by itself once the browser is online.
export function ErrorNotice({ error, onRetry }: ErrorNoticeProps) {
  const online = useOnline();
  const [path] = useLocation();
  const { title, advice, retry, signIn } = describeError(error, online);

  useEffect(() => {
    if (!onRetry || !error.networkError) return undefined;
    addEventListener("online", onRetry);
    return () => removeEventListener("online", onRetry);
  }, [error, onRetry]);

  return (
    <div className="notice notice-error" role="alert">
      <p className="notice-title">{title}</p>
      <p>{advice}</p>
      {retry && onRetry && <Button onClick={onRetry}>Try again</Button>}
      {signIn && <ButtonLink href={`/sign-in?next=${encodeURIComponent(path)}`} kind="primary">Sign in</ButtonLink>}
    </div>
  );
}
