import { type FormEvent, useState } from "react";
import { useMutation } from "../../api/mutation";
import { UpdateInstructorProfileDocument } from "../../generated/account";
import type { AccountProfileFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Field, TextField } from "../../ui/field";
import { FormNotice } from "../../ui/form-notice";
import { showToast } from "../../ui/toast";

type Profile = NonNullable<AccountProfileFragment["instructorProfile"]>;

const maxLinks = 10;

// InstructorProfileForm changes the public profile of an instructor.
export function InstructorProfileForm({ profile }: { readonly profile: Profile }) {
  const { send, sending, error, problems } = useMutation(UpdateInstructorProfileDocument);
  const [links, setLinks] = useState(() => profile.links.map(({ label, url }, key) => ({ key, label, url })));
  const problem = (...path: string[]) => problems.find(({ field }) => field.join(".") === ["input", ...path].join("."))?.message;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const { ok } = await send({
      input: {
        headline: String(values.get("headline")),
        bio: String(values.get("bio")),
        links: links.map(({ key }) => ({ label: String(values.get(`label${key}`)), url: String(values.get(`url${key}`)) })),
      },
    });
    if (ok) showToast("Your public profile is saved.");
  }

  return (
    <Card title="Public profile as an instructor">
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Field label="Headline" name="headline" maxLength={120} defaultValue={profile.headline} problem={problem("headline")} />
        <TextField label="About you" name="bio" rows={6} maxLength={5_000} defaultValue={profile.bio} problem={problem("bio")} />
        <fieldset className="form-group">
          <legend>Links</legend>
          {links.map(({ key, label, url }, index) => (
            <div key={key} className="link-row">
              <Field label="Text" name={`label${key}`} maxLength={50} defaultValue={label} problem={problem("links", String(index), "label")} />
              <Field label="Address" name={`url${key}`} type="url" placeholder="https://…" defaultValue={url} problem={problem("links", String(index), "url")} />
              <Button kind="quiet" aria-label={`Remove link ${index + 1}`} onClick={() => setLinks(links.filter((link) => link.key !== key))}>Remove</Button>
            </div>
          ))}
          {links.length < maxLinks && (
            <Button onClick={() => setLinks([...links, { key: Math.max(-1, ...links.map(({ key }) => key)) + 1, label: "", url: "" }])}>Add link</Button>
          )}
        </fieldset>
        <FormNotice error={error} problems={problems} fields={["headline", "bio", "links"]} />
        <Button type="submit" kind="primary" busy={sending}>Save public profile</Button>
      </form>
    </Card>
  );
}
