// Steps of a student: signing in, enrolling, learning, the dashboard and the account.
import assert from "node:assert/strict";
import { listLessons, withoutHls } from "./first_frame.mjs";

const password = "correct horse battery";
const toast = (v, text) => v.shows(".toast", text);

export async function signsIn(v) {
  await v.page.goto(`${v.base}/dashboard`);
  await v.page.waitForURL("**/sign-in?next=%2Fdashboard");
  await v.page.getByLabel("Email").fill("student@7p.example");
  await v.page.getByLabel("Password").fill("wrong password");
  await v.page.locator("form.card").getByRole("button", { name: "Sign in" }).click();
  await v.shows("[role=alert]", "the email or the password is wrong");
  v.expectProblems(/status of 4\d\d/);
  await v.page.getByLabel("Password").fill(password);
  await v.page.locator("form.card").getByRole("button", { name: "Sign in" }).click();
  await v.page.waitForURL("**/dashboard");
  await v.ready();
  await v.authorize("student");
  const { viewer } = await v.api("{ viewer { name dashboard { enrolledCoursesCount inProgressCoursesCount completedCoursesCount } } }");
  await v.shows("h1", `Welcome back, ${viewer.name}`);
  const { enrolledCoursesCount, inProgressCoursesCount, completedCoursesCount } = viewer.dashboard;
  assert.deepEqual([await v.figure("Enrolled"), await v.figure("In progress"), await v.figure("Completed")],
    [enrolledCoursesCount, inProgressCoursesCount, completedCoursesCount].map(String));
}

// No script can read a token: they are in cookies only.
export async function hidesTokens(v) {
  const cookies = await v.context.cookies();
  assert.ok(cookies.length > 0 && cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === "Lax"), JSON.stringify(cookies));
  const readable = JSON.stringify(await v.stored()) + await v.page.evaluate(() => document.cookie) + await v.page.content();
  for (const { value } of cookies) assert.ok(!readable.includes(value), "a script can read a token");
}

// openCourses returns courses that the student can enroll in.
async function openCourses(v) {
  const { courses } = await v.api("{ courses(first: 100) { nodes { id slug title viewerCanEnroll price { amount } videos(first: 2) { totalCount } } } }");
  return courses.nodes.filter(({ viewerCanEnroll, videos }) => viewerCanEnroll && videos.totalCount > 1);
}

const enrollment = async (v, slug) => (await v.api("query ($slug: String!) { course(slug: $slug) { viewerEnrollment { id progress } videos(first: 2) { nodes { id title viewerProgress { progressSeconds completed } } } } }", { slug })).course;

export async function enrolls(v) {
  const [course] = await openCourses(v);
  v.course = course;
  await v.visit(`/courses/${course.slug}`);
  await v.page.locator(".course-buy").getByRole("button", { name: "Enroll" }).click();
  await v.page.waitForURL(`**/learn/${course.slug}`);
  await toast(v, `You are enrolled in ${course.title}`);
  assert.equal((await enrollment(v, course.slug)).viewerEnrollment.progress, 0);
}

// learns plays a video, and finds the place again after a reload.
export async function learns(v) {
  await v.ready();
  const video = v.page.locator("video");
  const plays = () => v.page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
  await plays();
  const reached = await video.evaluate(async (player) => {
    const seconds = Math.floor(Math.min(player.duration / 2, 30));
    player.muted = true;
    player.currentTime = seconds;
    await player.play();
    await new Promise((resolve) => player.addEventListener("timeupdate", resolve, { once: true }));
    player.pause();
    return seconds;
  });
  await v.page.reload();
  await v.ready();
  await plays();
  await v.page.waitForFunction((seconds) => document.querySelector("video").currentTime >= seconds, reached);
  await v.page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith("education-platform-progress:")));
  const [first] = (await enrollment(v, v.course.slug)).videos.nodes;
  assert.ok(first.viewerProgress?.progressSeconds >= reached, `the API has ${JSON.stringify(first.viewerProgress)} of ${reached} s`);
  await v.button("Next").click();
  await v.shows("h1", (await enrollment(v, v.course.slug)).videos.nodes[1].title);
}

// keepsProgressOffline loses the network while a video plays: the progress is sent once, later.
export async function keepsProgressOffline(v) {
  await v.page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
  await v.context.setOffline(true);
  await v.page.evaluate(() => {
    const player = document.querySelector("video");
    player.currentTime = 3;
    player.dispatchEvent(new Event("pause"));
  });
  await v.shows(".offline-bar", "You are offline");
  await v.page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith("education-platform-progress:")));
  await v.context.setOffline(false);
  await v.page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith("education-platform-progress:")));
  const [, second] = (await enrollment(v, v.course.slug)).videos.nodes;
  assert.ok(second.viewerProgress?.progressSeconds > 0, "the progress was lost");
  v.problems = v.problems.filter((problem) => !problem.includes("ERR_INTERNET_DISCONNECTED"));
}

// playsByScript plays HLS in a browser that does not by itself.
export async function playsByScript(v) {
  await v.page.addInitScript(withoutHls);
  await v.visit((await listLessons(v))[1]);
  await v.page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
  const source = await v.page.locator("video").evaluate(async (player) => {
    player.muted = true;
    await player.play();
    await new Promise((resolve) => player.addEventListener("timeupdate", resolve, { once: true }));
    player.pause();
    return player.currentSrc;
  });
  assert.match(source, /^blob:/, "hls.js did not play it");
}

// followsDashboard sees a change that is made elsewhere.
export async function followsDashboard(v) {
  await v.visit("/dashboard");
  await v.page.locator(".live-mark.is-connected").waitFor();
  const before = Number(await v.figure("Enrolled"));
  const [{ id }] = await openCourses(v);
  const { enroll } = await v.api("mutation ($id: ID!) { enroll(input: { courseId: $id }) { enrollment { id } userErrors { code } } }", { id });
  assert.deepEqual(enroll.userErrors, []);
  await v.shows(".figure", `Enrolled${before + 1}`);
}

export async function wishes(v) {
  const [{ slug, title }] = await openCourses(v);
  await v.visit(`/courses/${slug}`);
  await v.page.locator(".course-buy").getByRole("button", { name: "Add to wishlist" }).click();
  await v.page.locator(".course-buy").getByRole("button", { name: "Remove from wishlist" }).waitFor();
  const { course } = await v.api("query ($slug: String!) { course(slug: $slug) { viewerHasWishlisted } }", { slug });
  assert.equal(course.viewerHasWishlisted, true);
  await v.visit("/wishlist");
  await v.shows(".course-title", title);
}

// endsSession sees another device of the account, and ends its session.
export async function endsSession(v) {
  await v.visit("/account?part=security");
  const sessions = async () => (await v.api("{ viewer { sessions(first: 50) { id } } }")).viewer.sessions.map(({ id }) => id);
  const before = await sessions();
  assert.equal(await v.page.locator(".session-list li").count(), before.length);
  await v.page.getByRole("button", { name: /^End the session/ }).first().click();
  await v.page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
  await toast(v, "The session has ended");
  await v.authorize("student"); // the last session was that of the API
  const after = await sessions();
  assert.equal(before.filter((id) => !after.includes(id)).length, 1);
}

export async function changesProfile(v) {
  await v.visit("/account");
  const name = v.page.getByLabel("Name", { exact: true });
  const before = await name.inputValue();
  await name.fill("");
  await v.button("Save profile").click();
  await v.page.locator(".field-problem").waitFor();
  await name.fill("Sofía L.");
  await v.button("Save profile").click();
  await toast(v, "Your profile is saved");
  assert.equal((await v.api("{ viewer { name } }")).viewer.name, "Sofía L.");
  await v.shows(".site-nav summary", "Sofía L.");
  await name.fill(before);
  await v.button("Save profile").click();
  await v.shows(".site-nav summary", before);
}

export async function showsCertificate(v) {
  const { viewer } = await v.api("{ viewer { name certificates(first: 1) { nodes { code courseTitle } } } }");
  const [{ code, courseTitle }] = viewer.certificates.nodes;
  await v.visit(`/certificates/${code}`);
  const text = await v.text(".certificate");
  for (const part of [viewer.name, courseTitle, code]) assert.ok(text.includes(part), `the certificate does not have ${part}`);
}

export async function isRefused(v) {
  for (const path of ["/admin", "/studio"]) {
    await v.page.goto(v.base + path);
    await v.page.locator("main [role=alert], main .empty").first().waitFor();
  }
}

export async function signsOut(v) {
  await v.visit("/");
  await v.page.locator(".site-nav summary").click();
  await v.button("Sign out").click();
  await v.page.locator(".site-nav").getByRole("link", { name: "Sign in" }).waitFor();
  assert.deepEqual(await v.context.cookies(), []);
  await v.page.goto(`${v.base}/dashboard`);
  await v.page.waitForURL("**/sign-in?next=%2Fdashboard");
}
