// A site that renders pages on its server. The browser has the tokens in cookies that scripts cannot read.
import { createServer } from "node:http";
import { hasCode } from "./errors.mjs";

const signInMutation = `mutation($input: SignInInput!) {
  signIn(input: $input) { accessToken refreshToken userErrors { message } }
}`;
const refreshMutation = `mutation($input: RefreshSessionInput!) {
  refreshSession(input: $input) { accessToken refreshToken userErrors { message } }
}`;
const accessSeconds = 14 * 60; // less than the 15 minutes of an access token
const refreshSeconds = 30 * 24 * 3600;

const setCookie = (name, value, seconds) => `${name}=${value}; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=${seconds}`;
const sessionCookies = ({ accessToken, refreshToken }) =>
  [setCookie("access", accessToken, accessSeconds), setCookie("refresh", refreshToken, refreshSeconds)];
const endedCookies = [setCookie("access", "", 0), setCookie("refresh", "", 0)];
const cookie = (request, name) => request.headers.cookie?.match(`(?:^|; )${name}=([^;]*)`)?.[1];

// createSite returns the site. Its API limits sign-ins by address: it must trust this server as a proxy.
export function createSite(api) {
  async function send(request, query, variables, accessToken) {
    const response = await fetch(api, {
      method: "POST",
      headers: {
        "content-type": "application/json", "x-forwarded-for": request.socket.remoteAddress,
        ...(accessToken && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  }

  // run sends a query as the visitor. It refreshes the session if the access token is missing or rejected.
  async function run(request, response, query) {
    const accessToken = cookie(request, "access"), refreshToken = cookie(request, "refresh");
    const result = accessToken && await send(request, query, {}, accessToken);
    if (result && !hasCode(result, "UNAUTHENTICATED")) return result;
    if (!refreshToken) return send(request, query, {});
    const { data, errors } = await send(request, refreshMutation, { input: { refreshToken } });
    if (errors) return { errors };
    const ended = data.refreshSession.userErrors.length > 0;
    response.setHeader("set-cookie", ended ? endedCookies : sessionCookies(data.refreshSession));
    return send(request, query, {}, data.refreshSession.accessToken);
  }

  async function signIn(request, response) {
    const { email, password } = Object.fromEntries(new URLSearchParams(await readBody(request)));
    const { data, errors } = await send(request, signInMutation, { input: { email, password } });
    if (errors || data.signIn.userErrors.length > 0) return response.writeHead(303, { location: "/?failed" }).end();
    return response.writeHead(303, { location: "/", "set-cookie": sessionCookies(data.signIn) }).end();
  }

  async function renderPage(request, response) {
    const { data } = await run(request, response, "{ viewer { name } }");
    response.setHeader("cache-control", "private, no-store").setHeader("content-type", "text/plain");
    return response.end(`Hello, ${data?.viewer?.name ?? "visitor"}`);
  }

  return createServer((request, response) => {
    const handle = request.method === "POST" ? signIn : renderPage;
    handle(request, response).catch(() => response.writeHead(502).end());
  });
}

async function readBody(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > 10_000) throw new Error("the form is too large");
  }
  return body;
}
