import type { CourseStatus } from "../../generated/types";

const texts: Record<CourseStatus, string> = { DRAFT: "Draft", PUBLISHED: "Published", ARCHIVED: "Archived" };

export const StatusBadge = ({ status }: { readonly status: CourseStatus }) => (
  <span className={`badge badge-${status.toLowerCase()}`}>{texts[status] ?? status}</span>
);
