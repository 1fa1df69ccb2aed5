// readNext returns the path to open after the sign-in. Addresses of other sites are ignored.
export function readNext(search: URLSearchParams) {
  const next = search.get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
