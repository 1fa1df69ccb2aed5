// The account in the header: the sign-in form, demo accounts by one click, and who is signed in until when.
import { config } from "./config.js";
import { element } from "./dom.js";
import { onSessionChange, signIn, signOut, startSession, useToken } from "./session.js";

const byId = (id) => document.getElementById(id);
const menu = byId("sign-in");
const identity = byId("identity");
const message = byId("account-message");
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

// attempt runs what signs in, and shows why it failed.
async function attempt(action) {
  message.textContent = "";
  try {
    await action();
    menu.open = false;
  } catch (error) {
    message.textContent = error.message;
  }
}

byId("password-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  await attempt(() => signIn(form.elements.email.value, form.elements.password.value));
  form.elements.password.value = "";
});

byId("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  await attempt(() => useToken(form.elements.token.value));
  form.elements.token.value = "";
});

byId("sign-out").addEventListener("click", async () => {
  await signOut();
  menu.querySelector("summary").focus();
});

menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
addEventListener("click", (event) => {
  if (!menu.contains(event.target)) menu.open = false;
});

if (config.demo) {
  const buttons = config.demo.emails.map((email) => element("button", {
    type: "button",
    title: `Sign in as ${email}`,
    onclick: () => attempt(() => signIn(email, config.demo.password)),
  }, email.split("@")[0]));
  byId("demo").append(...buttons);
  byId("demo").hidden = false;
}

function until(session) {
  if (session.expiresAt === null) return "";
  const at = time.format(session.expiresAt);
  return session.refreshToken ? `until ${at}, renewed by itself` : `until ${at}`;
}

onSessionChange((session, text) => {
  menu.hidden = session !== null;
  identity.hidden = session === null;
  message.textContent = text;
  byId("identity-name").textContent = session?.name ?? "";
  byId("identity-role").textContent = session?.role.toLowerCase() ?? "";
  byId("identity-until").textContent = session ? until(session) : "";
  for (const button of byId("demo").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(session?.role.toLowerCase() === button.textContent && !!session.refreshToken));
  }
});
startSession();
