import type { FormEvent } from "react";
import { useMutation } from "../../api/mutation";
import { UpdateProfileDocument } from "../../generated/account";
import type { AccountProfileFragment } from "../../generated/types";
import { useAppStore } from "../../state/store";
import { Avatar } from "../../ui/avatar";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Field } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { showToast } from "../../ui/toast";

// ProfileForm changes the name and the picture, which other users see.
export function ProfileForm({ viewer }: { readonly viewer: AccountProfileFragment }) {
  const { send, sending, error, problems } = useMutation(UpdateProfileDocument);
  const setUser = useAppStore((state) => state.setUser);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const { data, ok } = await send({ input: { name: String(values.get("name")), avatarUrl: String(values.get("avatarUrl")).trim() || null } });
    const user = data?.updateProfile.user;
    if (!ok || !user) return;
    setUser({ id: user.id, name: user.name, role: user.role });
    showToast("Your profile is saved.");
  }

  return (
    <Card title="Profile" actions={<Avatar name={viewer.name} url={viewer.avatarUrl} />}>
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Field label="Name" name="name" autoComplete="name" maxLength={100} defaultValue={viewer.name} problem={problemOf(problems, "name")} />
        <Field label="Address of your picture" name="avatarUrl" type="url" placeholder="https://…" defaultValue={viewer.avatarUrl ?? ""}
          hint="Empty removes the picture." problem={problemOf(problems, "avatarUrl")} />
        <FormNotice error={error} problems={problems} fields={["name", "avatarUrl"]} />
        <Button type="submit" kind="primary" busy={sending}>Save profile</Button>
      </form>
    </Card>
  );
}
