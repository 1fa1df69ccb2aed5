// The session: who is signed in, with tokens that are in memory only. They pass a reload through
// sessionStorage, from which the next page takes them at once, so a duplicated tab does not get them: two tabs
// with one refresh token would end the session.
import { config } from "./config.js";

const handover = "7p:session";
const refreshBefore = 0.2; // of the lifetime of an access token
const retryAfter = 2_000; // ms, after a refresh without a response

// { name, role, accessToken, refreshToken, expiresAt, lifetime }, times in ms; null: anonymous. A token that was
// pasted has no refreshToken.
let current = null;
let timer = 0;
let refreshing = null; // the promise of a refresh in progress
const listeners = [];

export const getSession = () => current;
export const onSessionChange = (listener) => listeners.push(listener);

function setSession(next, message = "") {
  current = next;
  clearTimeout(timer);
  if (next?.refreshToken) scheduleRefresh(next.expiresAt - refreshBefore * next.lifetime - Date.now());
  for (const listener of listeners) listener(current, message);
}

function scheduleRefresh(delay) {
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.min(Math.max(delay, 0), 2 ** 31 - 1));
}

export function authorization() {
  return current ? { Authorization: `Bearer ${current.accessToken}` } : {};
}

// send runs an operation of the page itself. It returns the root field, or throws an Error for people.
async function send(operation, variables, token) {
  const body = config.idsOnly ? { documentId: operation.id, variables } : { query: operation.query, variables };
  const bearer = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(config.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer },
    body: JSON.stringify(body),
  });
  const { data, errors } = await response.json();
  if (errors) throw requestError(errors[0]);
  const [payload] = Object.values(data);
  if (payload?.userErrors?.length) throw new RejectedError(payload.userErrors[0].message);
  return { payload, serverTime: Date.parse(response.headers.get("Date")) || Date.now() };
}

// RejectedError is an answer of the server, as opposed to a lost connection; NotListedError, that it runs listed
// documents only.
class RejectedError extends Error {}
class NotListedError extends RejectedError {}

const notListed = new Set(["PERSISTED_QUERY_NOT_IN_LIST", "PERSISTED_QUERY_ID_REQUIRED", "QUERY_NOT_IN_SAFELIST"]);

function requestError({ message, extensions }) {
  if (notListed.has(extensions?.code)) {
    return new NotListedError("This server runs listed documents only, and those of this page are not listed. Use an access token, or push web/playground/session.");
  }
  return new RejectedError(message);
}

// withTokens returns a session with the tokens of a payload. The expiry is counted from the server's clock.
function withTokens(user, { payload, serverTime }) {
  const lifetime = Date.parse(payload.expiresAt) - serverTime;
  return {
    name: user.name, role: user.role,
    accessToken: payload.accessToken, refreshToken: payload.refreshToken,
    lifetime, expiresAt: Date.now() + lifetime,
  };
}

// signIn replaces the session.
export async function signIn(email, password) {
  const response = await send(config.session.signIn, { email, password });
  const former = current;
  setSession(withTokens(response.payload.user, response));
  await endSession(former);
}

// endSession ends a session on the server; without a connection it is only forgotten here.
async function endSession(session) {
  if (session?.refreshToken) await send(config.session.signOut, {}, session.accessToken).catch(() => {});
}

// useToken acts with an access token that the user has, such as one of an identity provider.
export async function useToken(text) {
  const token = text.trim().replace(/^Bearer\s+/i, ""); // users often paste the whole header
  const { role = "", exp } = readClaims(token);
  let user = { name: "Access token", role };
  try {
    const { payload } = await send(config.session.viewer, {}, token);
    if (!payload) throw new RejectedError("This token is of no user.");
    user = payload;
  } catch (error) {
    if (!(error instanceof NotListedError)) throw error; // the token may be valid all the same
  }
  setSession({ ...user, accessToken: token, refreshToken: "", expiresAt: exp ? exp * 1000 : null });
}

// readClaims returns the claims of a JSON Web Token, none if it is not one.
function readClaims(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return {};
  }
}

export async function signOut() {
  const former = current;
  setSession(null);
  await endSession(former);
}

function refresh() {
  refreshing ??= exchangeToken().finally(() => { refreshing = null; });
  return refreshing;
}

async function exchangeToken() {
  const before = current;
  try {
    const response = await send(config.session.refresh, { refreshToken: before.refreshToken });
    if (current === before) setSession(withTokens(before, response));
  } catch (error) {
    if (current !== before) return;
    if (error instanceof RejectedError) setSession(null, `The session has ended: ${error.message}`);
    else scheduleRefresh(retryAfter);
  }
}

// refreshIfDue refreshes before a request whose token has expired, for example while the machine slept.
export async function refreshIfDue() {
  if (current?.refreshToken && Date.now() >= current.expiresAt) await refresh();
}

// reportUnauthenticated is called when a request of the session was rejected with 401. A session that has not
// ended continues with another token.
export function reportUnauthenticated() {
  if (current?.refreshToken) refresh();
  else if (current) setSession(null, "The token is no longer valid: sign in again.");
}

addEventListener("pagehide", () => {
  if (current) sessionStorage.setItem(handover, JSON.stringify(current));
});

// startSession takes over the session of the page before a reload.
export function startSession() {
  const stored = sessionStorage.getItem(handover);
  sessionStorage.removeItem(handover);
  if (stored) setSession(JSON.parse(stored));
}

addEventListener("pageshow", (event) => event.persisted && sessionStorage.removeItem(handover));
