import type { ReactNode } from "react";
import { Link } from "wouter";
import type { StudioCourseFragment } from "../../generated/types";
import { ButtonLink } from "../../ui/button";
import { PageFrame } from "../../ui/page";
import { PublishPanel } from "./publish-panel";
import { StatusBadge } from "./status-badge";
import "../../styles/parts.css";
import "./studio.css";

export type CourseTab = "details" | "curriculum" | "analytics" | "reviews";

const tabs: readonly { readonly key: CourseTab; readonly label: string; readonly path: string }[] = [
  { key: "details", label: "Details", path: "" },
  { key: "curriculum", label: "Curriculum", path: "/curriculum" },
  { key: "analytics", label: "Analytics", path: "/analytics" },
  { key: "reviews", label: "Reviews", path: "/reviews" },
];

interface CourseFrameProps {
  readonly course: StudioCourseFragment;
  readonly tab: CourseTab;
  readonly children: ReactNode;
}

// CourseFrame is the head of the pages of one course in the studio.
export const CourseFrame = ({ course, tab, children }: CourseFrameProps) => (
  <PageFrame title={course.title} className="studio studio-course"
    intro={<><StatusBadge status={course.status} /> <Link href="/studio">All courses</Link></>}
    actions={<><ButtonLink href={`/learn/${course.slug}`} kind="quiet">Play</ButtonLink><PublishPanel course={course} /></>}>
    <nav className="part-tabs" aria-label="Parts of the course">
      {tabs.map(({ key, label, path }) => (
        <Link key={key} href={`/studio/courses/${course.id}${path}`} className="tab" aria-current={key === tab ? "page" : undefined}>{label}</Link>
      ))}
    </nav>
    {children}
  </PageFrame>
);
