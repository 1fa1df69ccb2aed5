import type { FormEvent } from "react";
import { useMutation } from "../../api/mutation";
import { UpdatePreferencesDocument } from "../../generated/account";
import type { AccountProfileFragment } from "../../generated/types";
import { useAppStore, type Theme } from "../../state/store";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Checkbox, Field, SelectField } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { showToast } from "../../ui/toast";

type Preferences = NonNullable<AccountProfileFragment["preferences"]>;

const themes: readonly { readonly key: Theme; readonly label: string }[] = [
  { key: "system", label: "As the system" },
  { key: "light", label: "Light" },
  { key: "dark", label: "Dark" },
];
const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

// PreferencesForm changes how the pages look and videos play, on all devices.
export function PreferencesForm({ preferences }: { readonly preferences: Preferences }) {
  const { send, sending, error, problems } = useMutation(UpdatePreferencesDocument);
  const setTheme = useAppStore((state) => state.setTheme);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const theme = String(values.get("theme")) as Theme;
    const { ok } = await send({
      input: {
        theme, locale: String(values.get("locale")).trim(), playbackSpeed: Number(values.get("playbackSpeed")),
        emailNotifications: values.has("emailNotifications"),
      },
    });
    if (!ok) return;
    setTheme(theme);
    showToast("Your preferences are saved.");
  }

  return (
    <Card title="Preferences">
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <SelectField label="Colours" name="theme" defaultValue={preferences.theme} problem={problemOf(problems, "theme")}>
          {themes.map(({ key, label }) => <option key={key} value={key}>{label}</option>)}
        </SelectField>
        <SelectField label="Speed of videos" name="playbackSpeed" defaultValue={preferences.playbackSpeed} problem={problemOf(problems, "playbackSpeed")}>
          {[...new Set([...speeds, preferences.playbackSpeed])].sort((a, b) => a - b).map((speed) => <option key={speed} value={speed}>{speed === 1 ? "Normal" : `${speed}×`}</option>)}
        </SelectField>
        <Field label="Language of mails" name="locale" hint="A tag such as en or de-CH." defaultValue={preferences.locale} problem={problemOf(problems, "locale")} />
        <p className="field"><Checkbox label="News by email" name="emailNotifications" defaultChecked={preferences.emailNotifications} /></p>
        <FormNotice error={error} problems={problems} fields={["theme", "playbackSpeed", "locale"]} />
        <Button type="submit" kind="primary" busy={sending}>Save preferences</Button>
      </form>
    </Card>
  );
}
