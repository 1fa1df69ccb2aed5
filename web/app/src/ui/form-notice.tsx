import type { CombinedError } from "@urql/core";
import type { Problem } from "../api/mutation";
import { ErrorNotice } from "./error-notice";

interface FormNoticeProps {
  readonly error: CombinedError | undefined;
  readonly problems: readonly Problem[];
  readonly fields: readonly string[]; // those that show their problems themselves
}

// FormNotice shows what went wrong with a form and belongs to none of its fields.
export function FormNotice({ error, problems, fields }: FormNoticeProps) {
  const others = problems.filter(({ field }) => !fields.some((name) => field.includes(name)));
  return (
    <>
      {error && <ErrorNotice error={error} />}
      {others.length > 0 && (
        <div className="notice notice-error" role="alert">
          {others.map(({ message, field }) => <p key={field.join()}>{message}</p>)}
        </div>
      )}
    </>
  );
}

// problemOf returns the message about a field of the input, or about one of its values.
export const problemOf = (problems: readonly Problem[], name: string) => problems.find(({ field }) => field.includes(name))?.message;
