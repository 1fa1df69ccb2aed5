interface AvatarProps {
  readonly name: string;
  readonly url?: string | null | undefined;
}

const initials = (name: string) => name.split(/\s+/).filter(Boolean).map((part) => part[0]).filter((_, i, all) => i === 0 || i === all.length - 1).join("");

// Avatar shows the picture of a user, or the initials of the name.
export const Avatar = ({ name, url }: AvatarProps) => (
  <span className="avatar" aria-hidden="true">{url ? <img src={url} alt="" width={40} height={40} loading="lazy" /> : initials(name)}</span>
);
