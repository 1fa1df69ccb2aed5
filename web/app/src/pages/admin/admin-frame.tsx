import type { ReactNode } from "react";
import { Link } from "wouter";
import { PageFrame } from "../../ui/page";
import "../../styles/parts.css";
import "./admin.css";

const parts = [
  { href: "/admin", label: "Overview" },
  { href: "/admin/courses", label: "Courses" },
  { href: "/admin/people", label: "People" },
  { href: "/admin/vitals", label: "Vitals" },
] as const;

interface AdminFrameProps {
  readonly current: (typeof parts)[number]["href"];
  readonly title: string;
  readonly intro?: ReactNode;
  readonly children: ReactNode;
}

// AdminFrame is the head of the pages for admins.
export const AdminFrame = ({ current, title, intro, children }: AdminFrameProps) => (
  <PageFrame title={title} intro={intro} className="admin">
    <nav className="part-tabs" aria-label="Administration">
      {parts.map(({ href, label }) => (
        <Link key={href} href={href} className="tab" aria-current={href === current ? "page" : undefined}>{label}</Link>
      ))}
    </nav>
    {children}
  </PageFrame>
);
