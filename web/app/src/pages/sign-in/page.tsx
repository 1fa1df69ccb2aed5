import { useRef } from "react";
import { Link, useSearchParams } from "wouter";
import { toSentence } from "../../api/errors";
import { pageData } from "../../api/page-data";
import { signIn } from "../../api/session";
import { readNext } from "../../session/next-path";
import { SessionForm } from "../../session/session-form";
import { Button } from "../../ui/button";
import { Field } from "../../ui/field";
import { PageFrame } from "../../ui/page";

// DemoAccounts fills in the form with an account of the demo.
function DemoAccounts({ onChoose }: { readonly onChoose: (email: string, password: string) => void }) {
  const demo = pageData.demoAccounts;
  if (!demo) return null;
  return (
    <section className="demo-accounts">
      <h2>Demo accounts</h2>
      <p className="muted">This server has demo data. Choose an account to look around.</p>
      <p className="page-actions">
        {demo.emails.map((email) => <Button key={email} onClick={() => onChoose(email, demo.password)}>{toSentence(email.split("@")[0] ?? email)}</Button>)}
      </p>
    </section>
  );
}

export default function SignInPage() {
  const [search] = useSearchParams();
  const fields = useRef<HTMLDivElement>(null);
  const next = readNext(search);

  function choose(email: string, password: string) {
    const form = fields.current?.closest("form");
    if (!form) return;
    (form.elements.namedItem("email") as HTMLInputElement).value = email;
    (form.elements.namedItem("password") as HTMLInputElement).value = password;
    form.requestSubmit();
  }

  return (
    <PageFrame title="Sign in" narrow>
      <SessionForm action="Sign in" busyText="Signing in…" next={next} fields={["email", "password"]} onSend={(form) => signIn(String(form.get("email")), String(form.get("password")))}>
        {(problem) => (
          <div ref={fields}>
            <Field label="Email" name="email" type="email" autoComplete="username" required problem={problem("email")} />
            <Field label="Password" name="password" type="password" autoComplete="current-password" required problem={problem("password")} />
          </div>
        )}
      </SessionForm>
      <p className="session-other">New here? <Link href={`/sign-up?next=${encodeURIComponent(next)}`}>Create an account</Link></p>
      <DemoAccounts onChoose={choose} />
    </PageFrame>
  );
}
