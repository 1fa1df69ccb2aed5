import { useSearchParams } from "wouter";
import { useQuery } from "../../api/query";
import { AccountPageDocument } from "../../generated/account";
import { ErrorNotice } from "../../ui/error-notice";
import { PageFrame } from "../../ui/page";
import { SkeletonLines } from "../../ui/skeleton";
import { Tabs } from "../../ui/tabs";
import { DeleteAccount } from "./delete-account";
import { EmailCard } from "./email-card";
import { InstructorProfileForm } from "./instructor-profile-form";
import { PasswordForm } from "./password-form";
import { PreferencesForm } from "./preferences-form";
import { ProfileForm } from "./profile-form";
import { SessionList } from "./session-list";
import "../../styles/parts.css";
import "./account.css";

const tabs = [
  { key: "profile", label: "Profile" },
  { key: "preferences", label: "Preferences" },
  { key: "security", label: "Security" },
];

// The account of the viewer.
export default function AccountPage() {
  const { data, error, fetching, refetch } = useQuery(AccountPageDocument, {});
  const [search, setSearch] = useSearchParams();
  const tab = tabs.find(({ key }) => key === search.get("part"))?.key ?? "profile";
  const viewer = data?.viewer;
  return (
    <PageFrame title="Account" narrow className="account">
      {!viewer && error && <ErrorNotice error={error} onRetry={refetch} />}
      {fetching && <SkeletonLines count={6} />}
      {viewer && (
        <Tabs label="Parts of the account" tabs={tabs} selected={tab} onSelect={(part) => setSearch({ part }, { replace: true })}>
          {tab === "profile" && (
            <>
              <ProfileForm viewer={viewer} />
              <EmailCard viewer={viewer} />
              {viewer.instructorProfile && <InstructorProfileForm profile={viewer.instructorProfile} />}
            </>
          )}
          {tab === "preferences" && viewer.preferences && <PreferencesForm preferences={viewer.preferences} />}
          {tab === "security" && (
            <>
              <SessionList sessions={viewer.sessions ?? []} />
              <PasswordForm />
              <DeleteAccount />
            </>
          )}
        </Tabs>
      )}
    </PageFrame>
  );
}
