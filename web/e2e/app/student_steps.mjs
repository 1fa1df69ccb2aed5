// Steps of a student: signing in, enrolling, learning, the dashboard and the account.
import assert from "node:assert/strict";
import { listLessons, withoutHls } from "./first_frame.mjs";
import * as sql from "../sql.mjs";
import { duration, readCards, readRows } from "./texts.mjs";

const email = "student@7p.example";
const password = "correct horse battery";
const toast = (v, text) => v.shows(".toast", text);

export async function signsIn(v) {
  await v.page.goto(`${v.base}/dashboard`);
  await v.page.waitForURL("**/sign-in?next=%2Fdashboard");
  await v.page.getByLabel("Email").fill(email);
  await v.page.getByLabel("Password").fill("wrong password");
  await v.page.locator("form.card").getByRole("button", { name: "Sign in" }).click();
  await v.shows("[role=alert]", "the email or the password is wrong");
  v.expectProblems(/status of 4\d\d/);
  await v.page.getByLabel("Password").fill(password);
  await v.page.locator("form.card").getByRole("button", { name: "Sign in" }).click();
  await v.page.waitForURL("**/dashboard");
  await v.ready();
  v.account = await sql.account(email);
  await v.shows("h1", `Welcome back, ${v.account.name}`);
  await showsLearning(v);
}

// showsLearning compares the dashboard with the rows.
async function showsLearning(v) {
  const figures = await sql.learning(v.account.id);
  assert.deepEqual(
    await Promise.all(["Enrolled", "In progress", "Completed", "Watched in 30 days"].map((name) => v.figure(name))),
    [...[figures.enrolled, figures.started, figures.completed].map(String), duration(figures.watched)],
  );
  assert.deepEqual(await readRows(v, "[aria-labelledby=continue] .enrollment-card", ["h3", ".enrollment-rest span"]),
    (await sql.openEnrollments(v.account.id, 3)).map(({ title, progress }) => [title, `${Math.round(progress)}%`]));
  assert.deepEqual(await v.page.locator(".recommended-course h3").allTextContents(), (await sql.recommended(v.account.id, 4)).map(({ title }) => title));
  assert.deepEqual(await v.page.locator(".certificate-list a").allTextContents(), (await sql.certificates(v.account.id)).slice(0, 6).map(({ title }) => title));
}

// No script can read a token: they are in cookies only.
export async function hidesTokens(v) {
  const cookies = await v.context.cookies();
  assert.ok(cookies.length > 0 && cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === "Lax"), JSON.stringify(cookies));
  const readable = JSON.stringify(await v.stored()) + await v.page.evaluate(() => document.cookie) + await v.page.content();
  for (const { value } of cookies) assert.ok(!readable.includes(value), "a script can read a token");
}

export async function enrolls(v) {
  const [course] = await sql.openCourses(v.account.id);
  v.course = course;
  await v.visit(`/courses/${course.slug}`);
  await v.page.locator(".course-buy").getByRole("button", { name: "Enroll" }).click();
  await v.page.waitForURL(`**/learn/${course.slug}`);
  await toast(v, `You are enrolled in ${course.title}`);
  assert.equal((await sql.enrollment(v.account.id, course.id)).progress, 0);
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
  const { positions: [first] } = await sql.enrollment(v.account.id, v.course.id);
  assert.ok(first >= reached, `the database has ${first} of ${reached} s`);
  await v.button("Next").click();
  await v.shows("h1", (await sql.videos(v.course.id))[1].title);
}

// keepsProgressOffline loses the network while a video plays: the progress is sent once, later.
export async function keepsProgressOffline(v) {
  // The video before is in the page until the data of this one are there.
  await v.page.waitForFunction(() => document.querySelector("video")?.readyState >= 2 && document.querySelector("video").currentTime < 2);
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
  const { positions: [, second] } = await sql.enrollment(v.account.id, v.course.id);
  assert.ok(second > 0, "the progress was lost");
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
  await v.authorize("student");
  await v.visit("/dashboard");
  await v.page.locator(".live-mark.is-connected").waitFor();
  const before = Number(await v.figure("Enrolled"));
  const [{ slug }] = await sql.openCourses(v.account.id);
  const { course } = await v.api("query ($slug: String!) { course(slug: $slug) { id } }", { slug });
  const { enroll } = await v.api("mutation ($id: ID!) { enroll(input: { courseId: $id }) { userErrors { code } } }", course);
  assert.deepEqual(enroll.userErrors, []);
  await v.shows(".figure", `Enrolled${before + 1}`);
  await v.visit("/dashboard");
  await showsLearning(v);
}

export async function wishes(v) {
  const [course] = await sql.openCourses(v.account.id);
  await v.visit(`/courses/${course.slug}`);
  await v.page.locator(".course-buy").getByRole("button", { name: "Add to wishlist" }).click();
  await v.page.locator(".course-buy").getByRole("button", { name: "Remove from wishlist" }).waitFor();
  await v.visit("/wishlist");
  await v.shows(".course-title", course.title);
  const wished = await sql.wishlist(v.account.id);
  assert.ok(wished.includes(course.title), "the course is not on the wishlist");
  assert.deepEqual((await readCards(v, wished.length)).map(({ title }) => title), wished);
}

// endsSession sees another device of the account, and ends its session.
export async function endsSession(v) {
  await v.visit("/account?part=security");
  const before = await sql.countSessions(v.account.id);
  assert.equal(await v.page.locator(".session-list li").count(), before);
  await v.page.getByRole("button", { name: /^End the session/ }).first().click();
  await v.page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
  await toast(v, "The session has ended");
  assert.equal(await sql.countSessions(v.account.id), before - 1);
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
  assert.equal((await sql.account(email)).name, "Sofía L.");
  await v.shows(".site-nav summary", "Sofía L.");
  await name.fill(before);
  await v.button("Save profile").click();
  await v.shows(".site-nav summary", before);
}

export async function showsCertificate(v) {
  const [{ code, title, instructor, duration: seconds }] = await sql.certificates(v.account.id);
  await v.visit(`/certificates/${code}`);
  const text = await v.text(".certificate");
  for (const part of [v.account.name, title, code, instructor, duration(seconds)]) assert.ok(text.includes(part), `the certificate does not have ${part}`);
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
