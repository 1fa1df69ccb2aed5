import type { ReactNode } from "react";
import { classNames } from "./class-names";

interface CardProps {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

// Card is a part of a page with a border, and with a heading if it has a title.
export const Card = ({ title, actions, className, children }: CardProps) => (
  <section className={classNames("card", className)}>
    {title && <header className="card-header"><h2>{title}</h2>{actions}</header>}
    {children}
  </section>
);
