// The pages that the links of mails lead to, /reset-password and /verify-email.
const resetMutation = `mutation($input: ResetPasswordInput!) {
  resetPassword(input: $input) { passwordReset userErrors { code field message } }
}`;
const verifyMutation = `mutation($input: VerifyEmailInput!) {
  verifyEmail(input: $input) { email userErrors { code message } }
}`;
const requestMutation = `mutation($input: RequestPasswordResetInput!) {
  requestPasswordReset(input: $input) { requested userErrors { code message } }
}`;

export function createAccountPages(url) {
  // send runs a mutation as an anonymous viewer. It returns the payload of its only field.
  async function send(query, input) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message, { cause: errors[0].extensions.code });
    return Object.values(data)[0];
  }

  // takeToken removes the token from the address, so that it is not in the history or on a screenshot.
  function takeToken() {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    history.replaceState(null, "", location.pathname);
    return token;
  }

  return {
    takeToken,
    requestPasswordReset: (email) => send(requestMutation, { email }),
    // On /reset-password: when the visitor submits a password. A rejected password leaves the token valid.
    resetPassword: (token, newPassword) => send(resetMutation, { token, newPassword }),
    // On /verify-email: when the visitor presses a button. Scanners of mails open links, and press nothing.
    verifyEmail: (token) => send(verifyMutation, { token }),
  };
}
