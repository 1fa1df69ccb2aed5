import { useRef } from "react";
import { Link, useLocation } from "wouter";
import type { Viewer } from "../api/page-data";
import { signOut } from "../api/session";
import { useUser } from "../state/store";
import { ButtonLink } from "./button";
import { SearchBox } from "./search-box";

const Brand = () => (
  <Link href="/" className="brand" aria-label="7P Education, courses">
    <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#4338ca" />
      <path d="M6 9h9.5L10 23.5M18.5 23.5V9h4.25a4.25 4.25 0 0 1 0 8.5H18.5" fill="none" stroke="#fff" strokeWidth="2.75" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
    <span className="brand-name">7P Education</span>
  </Link>
);

interface MenuItem {
  readonly href: string;
  readonly text: string;
}

// menuItems returns the pages of a viewer, by role.
function menuItems({ role }: Viewer): readonly MenuItem[] {
  return [
    { href: "/dashboard", text: "My learning" },
    { href: "/wishlist", text: "Wishlist" },
    ...(role === "STUDENT" ? [] : [{ href: "/studio", text: "Studio" }]),
    ...(role === "ADMIN" ? [{ href: "/admin", text: "Administration" }] : []),
    { href: "/account", text: "Account" },
  ];
}

function ViewerMenu({ viewer }: { readonly viewer: Viewer }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (menu.current) menu.current.open = false;
  };
  return (
    <details className="menu" ref={menu} onKeyDown={(event) => event.key === "Escape" && close()}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}>
      <summary className="button button-quiet">{viewer.name}</summary>
      <ul className="menu-list" onClick={close}>
        {menuItems(viewer).map(({ href, text }) => <li key={href}><Link href={href}>{text}</Link></li>)}
        <li><button type="button" onClick={signOut}>Sign out</button></li>
      </ul>
    </details>
  );
}

// SiteHeader is the top of every page. The server writes the same markup into the HTML.
export function SiteHeader() {
  const user = useUser();
  const [path] = useLocation();
  return (
    <header className="site-header">
      <a className="skip-link" href="#main">Skip to content</a>
      <div className="site-bar">
        <Brand />
        <SearchBox />
        <nav className="site-nav" aria-label="Main">
          {user ? (
            <>
              <Link href="/dashboard" className="button button-quiet site-nav-wide" aria-current={path === "/dashboard" ? "page" : undefined}>My learning</Link>
              <ViewerMenu viewer={user} />
            </>
          ) : (
            <>
              <ButtonLink href="/sign-in" kind="quiet">Sign in</ButtonLink>
              <ButtonLink href="/sign-up" kind="primary" className="site-nav-wide">Sign up</ButtonLink>
            </>
          )}
        </nav>
      </div>
    </header>
  );
}
