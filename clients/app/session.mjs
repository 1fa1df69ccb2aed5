// The session of a single-page app: the access token is in memory, the refresh token in localStorage.
const refreshKey = "7p:refreshToken";

const signInMutation = `mutation($input: SignInInput!) {
  signIn(input: $input) { accessToken refreshToken expiresAt userErrors { code message } }
}`;
const refreshMutation = `mutation($input: RefreshSessionInput!) {
  refreshSession(input: $input) { accessToken refreshToken expiresAt userErrors { code message } }
}`;
const signOutMutation = "mutation { signOut { signedOut } }";

export function createSession(url) {
  let tokens; // accessToken and expiresAt
  let refreshing; // the refresh in progress, which all requests of the page share

  async function send(query, variables, accessToken) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(accessToken && { authorization: `Bearer ${accessToken}` }) },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message, { cause: errors[0].extensions.code });
    return data;
  }

  function store(payload) {
    localStorage.setItem(refreshKey, payload.refreshToken); // before the access token is used
    tokens = payload;
  }

  async function exchange() {
    const refreshToken = localStorage.getItem(refreshKey);
    if (!refreshToken) return undefined;
    const input = { refreshToken };
    const { refreshSession } = await send(refreshMutation, { input }).catch((error) => {
      if (!(error instanceof TypeError)) throw error;
      return send(refreshMutation, { input }); // no response: within 10 s the same token can be sent again
    });
    if (refreshSession.userErrors.length === 0) {
      store(refreshSession);
    } else if (localStorage.getItem(refreshKey) === refreshToken) {
      localStorage.removeItem(refreshKey); // the session has ended
      tokens = undefined;
    }
    return tokens?.accessToken;
  }

  const expired = () => !tokens || Date.now() > Date.parse(tokens.expiresAt) - 2_000;

  return {
    signedIn: () => localStorage.getItem(refreshKey) !== null,
    expired,

    // refresh returns a new access token, or undefined for anonymous callers.
    refresh() {
      refreshing ??= exchange().finally(() => { refreshing = undefined; });
      return refreshing;
    },

    // token returns a valid access token, or undefined for anonymous callers.
    async token() {
      return expired() ? this.refresh() : tokens.accessToken;
    },

    // signIn returns the problems with email and password.
    async signIn(email, password) {
      const { signIn } = await send(signInMutation, { input: { email, password } });
      if (signIn.userErrors.length === 0) store(signIn);
      return signIn.userErrors;
    },

    async signOut() {
      const accessToken = await (refreshing ?? this.token()).catch(() => undefined); // signs out without a network too
      localStorage.removeItem(refreshKey);
      tokens = undefined;
      if (accessToken) await send(signOutMutation, {}, accessToken);
    },

    // onChange calls back when another tab signs in or out.
    onChange(callback) {
      addEventListener("storage", ({ key, oldValue, newValue }) => {
        if (key !== refreshKey || (oldValue !== null && newValue !== null)) return;
        tokens = undefined;
        callback();
      });
    },
  };
}
