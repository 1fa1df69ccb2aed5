import { Link, useSearchParams } from "wouter";
import { signUp } from "../../api/session";
import { readNext } from "../../session/next-path";
import { SessionForm } from "../../session/session-form";
import { Field } from "../../ui/field";
import { PageFrame } from "../../ui/page";

export default function SignUpPage() {
  const [search] = useSearchParams();
  const next = readNext(search);
  return (
    <PageFrame title="Create an account" narrow>
      <SessionForm action="Create account" busyText="Creating the account…" next={next} fields={["name", "email", "password"]}
        onSend={(form) => signUp(String(form.get("name")), String(form.get("email")), String(form.get("password")))}>
        {(problem) => (
          <>
            <Field label="Name" name="name" autoComplete="name" maxLength={100} required problem={problem("name")} />
            <Field label="Email" name="email" type="email" autoComplete="username" maxLength={254} required problem={problem("email")} />
            <Field label="Password" name="password" type="password" autoComplete="new-password" minLength={10} required
              hint="At least 10 characters." problem={problem("password")} />
          </>
        )}
      </SessionForm>
      <p className="session-other">You have an account? <Link href={`/sign-in?next=${encodeURIComponent(next)}`}>Sign in</Link></p>
    </PageFrame>
  );
}
