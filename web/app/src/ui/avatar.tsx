import { useState } from "react";

interface AvatarProps {
  readonly name: string;
  readonly url?: string | null | undefined;
}

// getInitials returns the first letters of the first and the last part of a name.
function getInitials(name: string) {
  const parts = name.split(/\s+/).filter(Boolean);
  return [parts[0], parts.length > 1 ? parts.at(-1) : ""].map((part) => part?.[0] ?? "").join("");
}

// Avatar shows the picture of a user, or the initials of the name.
export function Avatar({ name, url }: AvatarProps) {
  const [failed, setFailed] = useState(false);
  return (
    <span className="avatar" aria-hidden="true">
      {url && !failed ? <img src={url} alt="" width={40} height={40} loading="lazy" onError={() => setFailed(true)} /> : getInitials(name)}
    </span>
  );
}
