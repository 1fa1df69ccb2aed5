const site = "https://site.invalid"; // any origin of its own

// readNext returns the path to open after the sign-in. Addresses of other sites are ignored. It reads an address as
// browsers do: they drop tabs and line ends, read \ as /, and resolve dots.
export function readNext(search: URLSearchParams) {
  const next = search.get("next") ?? "/";
  if (!URL.canParse(next, site)) return "/";
  const { origin, pathname, search: query, hash } = new URL(next, site);
  return origin === site && !pathname.startsWith("//") ? pathname + query + hash : "/";
}
