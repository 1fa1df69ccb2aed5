// Takes the pictures of the pages for the documents, from a running server with the demo data:
//
//   npm run screenshots -- BASE_URL
//
// Writes docs/screenshots/NAME.webp.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { desktop, launch, phone } from "../browser.mjs";
import { listPages } from "./pages.mjs";
import { Visitor } from "./visitor.mjs";

const folder = join(import.meta.dirname, "../../../docs/screenshots");
const quality = 82;

// The pages of each role by their names, each in a window and a theme.
const pictures = [
  { name: "catalogue", role: "anonymous", page: /^\/$/, viewport: desktop, colorScheme: "light" },
  { name: "catalogue-phone", role: "anonymous", page: /^\/$/, viewport: phone, colorScheme: "dark" },
  { name: "course", role: "anonymous", page: /^\/courses\//, viewport: desktop, colorScheme: "dark" },
  { name: "course-phone", role: "anonymous", page: /^\/courses\//, viewport: phone, colorScheme: "light" },
  { name: "player", role: "student", page: /^\/learn\//, viewport: desktop, colorScheme: "dark" },
  { name: "player-phone", role: "student", page: /^\/learn\//, viewport: phone, colorScheme: "light" },
  { name: "dashboard", role: "student", page: /^\/dashboard/, viewport: desktop, colorScheme: "light" },
  { name: "dashboard-phone", role: "student", page: /^\/dashboard/, viewport: phone, colorScheme: "dark" },
  { name: "studio", role: "instructor", page: /^\/studio$/, viewport: desktop, colorScheme: "light" },
  { name: "studio-phone", role: "instructor", page: /\/curriculum$/, viewport: phone, colorScheme: "dark" },
];

async function capture(browser, base, { name, role, page, viewport, colorScheme }) {
  const visitor = await Visitor.open(browser, base, { viewport, role: role === "anonymous" ? "" : role });
  await visitor.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await visitor.visit((await listPages(visitor, role)).find((path) => page.test(path)));
  await visitor.page.waitForLoadState("networkidle", { timeout: 5_000 }).catch(() => {}); // live pages are never idle
  await visitor.page.waitForTimeout(500);
  const devtools = await visitor.context.newCDPSession(visitor.page);
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality });
  const file = join(folder, `${name}.webp`);
  writeFileSync(file, data, "base64");
  console.log(`${file}: ${(data.length * 0.75 / 1000).toFixed(0)} kB`);
  await visitor.context.close();
}

const [base] = process.argv.slice(2);
if (!base) {
  console.error("usage: npm run screenshots -- BASE_URL");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  for (const picture of pictures) await capture(browser, base, picture);
} finally {
  await browser.close();
}
