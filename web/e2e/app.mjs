// Drives the pages of a running server in Chromium, as visitors of each role would:
//
//   node app.mjs BASE_URL [SCREENSHOT_DIR]
//
// The server has the demo data and a front end. PGHOST, PGUSER and PGDATABASE name its database, whose rows the pages
// must show; the socket of a private one is in postgres/sock of its directory. CHROMIUM is the path of the browser,
// /usr/bin/chromium by default. A failure leaves a picture in SCREENSHOT_DIR. Prints a line for each step. Exit code 0:
// all steps passed; 1: one failed; 2: invalid usage.
import * as admin from "./app/admin_steps.mjs";
import * as budgets from "./app/budget_steps.mjs";
import * as catalogue from "./app/catalogue_steps.mjs";
import * as pages from "./app/page_steps.mjs";
import * as student from "./app/student_steps.mjs";
import * as studio from "./app/studio_steps.mjs";
import { Visitor } from "./app/visitor.mjs";
import { launch } from "./browser.mjs";
import { disconnect } from "./sql.mjs";

const [base, shots] = process.argv.slice(2);
if (!base) {
  console.error("usage: node app.mjs BASE_URL [SCREENSHOT_DIR]");
  process.exit(2);
}

const journeys = [
  { role: "", steps: [
    ["shows the courses of the catalogue", catalogue.showsCatalogue],
    ["filters, sorts and keeps both in the address", catalogue.filters],
    ["scrolls through all courses, with few cards in the page", catalogue.scrollsAll],
    ["scrolls through 10,000 courses, with few cards in the page", catalogue.scrollsThousands],
    ["suggests while typing", catalogue.suggests],
    ["searches", catalogue.searches],
    ["shows a course, also to search engines", catalogue.showsCourse],
    ["says what it does not find", catalogue.knowsWhatIsMissing],
    ["leads from private pages to the sign-in", catalogue.leadsToSignIn],
    ["says that it is offline", catalogue.worksOffline],
    ["sends pages in the first flight", pages.fitsFirstFlight],
    ["anonymous pages keep their place, are accessible and fit 320 px", (v) => pages.checksPages(v, "anonymous")],
  ] },
  { role: "", steps: [
    ["signs in as a student, and refuses a wrong password", student.signsIn],
    ["hides the tokens from scripts", student.hidesTokens],
    ["enrolls in a course", student.enrolls],
    ["plays a video, and goes on after a reload", student.learns],
    ["keeps progress without a network", student.keepsProgressOffline],
    ["follows the dashboard", student.followsDashboard],
    ["keeps a wishlist", student.wishes],
    ["changes the profile", student.changesProfile],
    ["ends another session", student.endsSession],
    ["shows a certificate", student.showsCertificate],
    ["refuses the pages of other roles", student.isRefused],
    ["signs out", student.signsOut],
  ] },
  { role: "student", steps: [
    ["a student's pages keep their place, are accessible and fit 320 px", (v) => pages.checksPages(v, "student")],
    ["plays HLS by a script where the browser does not", student.playsByScript],
  ] },
  { role: "instructor", steps: [
    ["lists the courses of an instructor", studio.listsCourses],
    ["makes a course, and says what is wrong with it", studio.makesCourse],
    ["orders videos by keys and by dragging", studio.ordersVideos],
    ["edits a course", studio.editsCourse],
    ["publishes and unpublishes a course", studio.publishes],
    ["deletes a course", studio.deletesCourse],
    ["shows analytics and reviews", studio.showsAnalytics],
    ["an instructor's pages keep their place, are accessible and fit 320 px", (v) => pages.checksPages(v, "instructor")],
  ] },
  { role: "admin", steps: [
    ["shows the figures of the platform", admin.showsFigures],
    ["lists all courses", admin.listsCourses],
    ["finds a person", admin.findsPerson],
    ["shows the vitals", admin.showsVitals],
    ["opens the course of another", admin.opensForeignCourse],
    ["an administrator's pages keep their place, are accessible and fit 320 px", (v) => pages.checksPages(v, "admin")],
  ] },
  { role: "", steps: [
    ["paints pages within a second", budgets.paintsFast],
    ["paints pages within two seconds on a slow phone", budgets.paintsSlowly],
    ["responds to inputs on a slow phone", budgets.responds],
    ["starts videos within three seconds on a slow phone", budgets.startsVideos],
  ] },
];

const browser = await launch();
let current = null;
try {
  for (const { role, steps } of journeys) {
    current = await Visitor.open(browser, base, { shots, role });
    for (const [name, step] of steps) await current.step(name, step);
    await current.context.close();
  }
} catch (error) {
  console.error(`FAIL  ${error.stack}`);
  for (const problem of current?.problems ?? []) console.error(`      browser: ${problem}`);
  await current?.screenshot("failed");
  process.exitCode = 1;
} finally {
  await browser.close();
  await disconnect();
}
