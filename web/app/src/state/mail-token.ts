// takeToken returns the token of the link in a mail, and removes it from the address, so that it is not in the
// history or on a screenshot.
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) history.replaceState(history.state, "", location.pathname);
  return token;
}
