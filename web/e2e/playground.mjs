// Drives the playground of running servers in Chromium, as a user would:
//
//   node playground.mjs BASE_URL LISTED_URL [SCREENSHOT_DIR]
//
// Both servers have the demo data. The server at LISTED_URL runs listed documents only (PERSISTED_QUERIES=trusted),
// with the Catalog example in its list, its access tokens live for a few seconds, and it has no front end (WEB=off). CHROMIUM is the path of the
// browser, /usr/bin/chromium by default. Prints a line for each step. Exit code 0: all steps passed; 1: one
// failed; 2: invalid usage.
import { Session, launch, phone } from "./browser.mjs";
import * as code from "./code_steps.mjs";
import * as layout from "./layout_steps.mjs";
import * as listed from "./listed_steps.mjs";
import * as operations from "./operation_steps.mjs";
import * as session from "./session_steps.mjs";

const [base, listedBase, shots] = process.argv.slice(2);
if (!base || !listedBase) {
  console.error("usage: node playground.mjs BASE_URL LISTED_URL [SCREENSHOT_DIR]");
  process.exit(2);
}

const browser = await launch();
let current = null;

async function open(...options) {
  await current?.context.close();
  current = await Session.open(browser, ...options);
  return current;
}

try {
  const desktop = await open(base, { shots });
  await desktop.step("opens with an example and the list of examples", operations.opensWithExamples);
  await desktop.step("shows time, size, SQL and cache of a miss and of a hit", operations.showsMissAndHit);
  await desktop.step("estimates and measures the cost by path", operations.showsCosts);
  await desktop.step("draws the plan of an operation", operations.drawsPlan);
  await desktop.step("shows the schema's documentation", operations.opensDocs);
  await desktop.step("selects fields by check boxes", operations.selectsFields);
  await desktop.step("signs in, and stores no password and no token", session.signsIn);
  await desktop.step("keeps the session over a reload", session.keepsSession);
  await desktop.step("shows each response of a live query", session.followsLiveQuery);
  await desktop.step("signs out", session.signsOut);
  await desktop.step("acts as each demo account, and runs every example", session.runsEveryExample);
  await desktop.step("stores no operation with a password", session.storesNoSecret);
  await desktop.step("accepts an access token", session.acceptsToken);
  await desktop.step("opens a link to an operation", operations.opensLink);
  await desktop.step("exports code that runs", code.exportsCode);
  await desktop.step("opens its dialogs under the policy", layout.opensDialogs);
  await desktop.step("is reached and left by the keyboard", layout.walksByKeyboard);
  await desktop.step("is accessible", layout.isAccessible);
  await desktop.step("switches and follows the theme", layout.switchesTheme);

  const narrow = await open(base, { viewport: phone, shots });
  await narrow.step("stacks its panes on a phone", layout.stacks);
  await narrow.step("is accessible on a phone", (s) => layout.isAccessible(s, ["light"]));

  const trusted = await open(listedBase, { shots });
  await trusted.step("runs documents of the list by their ids", listed.runsDocuments);
  await trusted.step("refreshes the session by itself", listed.refreshesByItself);
  await trusted.step("is linked from the page of the API", layout.showsFrontPage);
} catch (error) {
  console.error(`FAIL  ${error.stack}`);
  for (const problem of current?.problems ?? []) console.error(`      browser: ${problem}`);
  await current?.screenshot("failed");
  process.exitCode = 1;
} finally {
  await browser.close();
}
