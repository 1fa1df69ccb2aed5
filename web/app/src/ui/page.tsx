import { type ReactNode, useEffect } from "react";
import { classNames } from "./class-names";

interface PageFrameProps {
  readonly title: string; // of the window, and of the page unless heading says otherwise
  readonly heading?: ReactNode;
  readonly intro?: ReactNode;
  readonly actions?: ReactNode;
  readonly narrow?: boolean; // for forms and texts
  readonly className?: string;
  readonly children: ReactNode;
}

// PageFrame is the main part of a page with its heading.
export function PageFrame({ title, heading = title, intro, actions, narrow = false, className, children }: PageFrameProps) {
  useEffect(() => {
    document.title = `${title} · 7P Education`;
  }, [title]);
  return (
    <main id="main" className={classNames("page", narrow && "page-narrow", className)} tabIndex={-1}>
      {heading && (
        <header className="page-header">
          <div>
            <h1>{heading}</h1>
            {intro && <p className="page-intro">{intro}</p>}
          </div>
          {actions && <div className="page-actions">{actions}</div>}
        </header>
      )}
      {children}
    </main>
  );
}
