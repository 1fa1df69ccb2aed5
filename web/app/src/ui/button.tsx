import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";
import { classNames } from "./class-names";

export type ButtonKind = "primary" | "secondary" | "quiet" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: ButtonKind;
  readonly busy?: boolean; // its action is in progress: it keeps its size and cannot be pressed again
}

export function Button({ kind = "secondary", busy = false, className, children, disabled, type = "button", ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} className={classNames("button", `button-${kind}`, busy && "is-busy", className)}
      disabled={disabled || busy} aria-busy={busy || undefined}>
      {children}
    </button>
  );
}

interface ButtonLinkProps {
  readonly href: string;
  readonly kind?: ButtonKind;
  readonly className?: string;
  readonly children: ReactNode;
}

// ButtonLink is a link that looks like a button.
export const ButtonLink = ({ href, kind = "secondary", className, children }: ButtonLinkProps) => (
  <Link href={href} className={classNames("button", `button-${kind}`, className)}>{children}</Link>
);
