// What the visitors of a journey do: an instructor makes a course, a student takes it, and an administrator watches both.
import { Visitor } from "./visitor.mjs";

const description = "A course that was made by a visitor of a test. It has two short videos, and everything that a course needs to be published.";

// pause waits as long as a person who reads and thinks.
const pause = (v, least = 300, most = 1200) => v.page.waitForTimeout(least + Math.random() * (most - least));

const toast = (v, text) => v.shows(".toast", text);
const hasText = async (v, selector, text) => (await v.page.locator(selector).filter({ hasText: text }).count()) > 0;

// open opens the browsers of a journey.
export async function open(browser, base, record) {
  const visitors = {};
  for (const [who, role] of [["student", ""], ["instructor", "instructor"], ["admin", "admin"]]) {
    visitors[who] = await Visitor.open(browser, base, { role });
    record.watch(visitors[who], who);
  }
  return visitors;
}

// signsUp makes an account by the form.
export async function signsUp({ student: v }) {
  v.name = "Robin Journey";
  await v.visit("/");
  await pause(v);
  await v.page.locator(".site-nav").getByRole("link", { name: "Sign up" }).click();
  await v.page.getByLabel("Name").fill(v.name);
  await pause(v);
  await v.page.getByLabel("Email").fill(`robin-${Date.now()}@7p.example`);
  await v.page.getByLabel("Password").fill("a password of the journey");
  await v.button("Create account").click();
  await v.shows(".site-nav summary", v.name);
  await v.ready();
}

async function addsVideo(v, title, path) {
  await v.button("Add video").first().click();
  const dialog = v.page.getByRole("dialog");
  await dialog.getByLabel("Title").fill(title);
  await dialog.getByLabel("Length").fill("0:08");
  await dialog.getByLabel("Video or playlist").fill(path);
  await pause(v);
  await dialog.getByRole("button", { name: "Add video" }).click();
  await v.page.locator(".curriculum-title", { hasText: title }).waitFor();
}

// makesCourse makes a course with two videos and publishes it. The others see it at once.
export async function makesCourse({ student, instructor: v, admin }, record, round) {
  const course = { title: `Journeys of Visitors ${Date.now() % 1e6} ${round}` };
  await v.visit("/studio");
  await pause(v);
  await v.page.getByRole("link", { name: "New course" }).click();
  await v.page.getByLabel("Title").fill(course.title);
  await v.page.getByLabel("Description").fill(description);
  await v.page.getByLabel("Category").selectOption({ index: 1 + (round % 5) });
  await v.page.getByLabel("Price in USD").fill("19.90");
  await pause(v);
  await v.button("Create draft").click();
  await v.page.waitForURL("**/studio/courses/*/curriculum");
  course.studio = new URL(v.page.url()).pathname.replace("/curriculum", "");
  await addsVideo(v, "Setting out", "sample/index.m3u8");
  await addsVideo(v, "Coming home", "sample/video.mp4");
  await v.button("Publish").click();
  await v.page.getByRole("dialog").getByRole("button", { name: /^Publish/ }).click();
  await toast(v, "The course is published");
  await student.visit("/");
  await record.fresh("the catalogue after a course was published", async () => (await student.text(".course-title")) === course.title);
  await admin.visit("/admin/courses");
  await record.fresh("the list of the administrator after a course was published", async () => (await admin.text("tbody th")) === course.title);
  return course;
}

// browses scrolls, filters and searches, and finds the new course.
export async function browses({ student: v }, record, course) {
  for (let i = 0; i < 3; i++) {
    await v.page.mouse.wheel(0, 900);
    await pause(v);
  }
  await v.page.keyboard.press("Home");
  await v.page.locator(".filter-option").nth(2).click();
  await v.page.locator(".choice-clear").waitFor();
  await pause(v);
  await v.button("Clear all").click();
  const box = v.page.getByRole("combobox", { name: "Search courses" });
  await box.pressSequentially(course.title, { delay: 60 });
  await pause(v);
  await v.page.keyboard.press("Enter");
  await v.page.waitForURL("**/search?q=*");
  await v.ready();
  await v.page.locator(".course-title").first().waitFor();
  await record.fresh("a search for the new course", async () => (await v.text(".course-title")) === course.title);
  await v.page.locator(".course-title a", { hasText: course.title }).first().click();
  await v.shows("h1", course.title);
  await v.ready();
  course.path = new URL(v.page.url()).pathname;
  await pause(v);
}

// share is the line of the live figures of a course with a text.
const share = (v, text) => v.page.locator(".shares-legend li", { hasText: new RegExp(`^${text}$`) });

// enrolls takes the course, which the instructor sees in a page that is open.
export async function enrolls({ student: v, instructor }, record, course) {
  await instructor.visit(`${course.studio}/analytics`);
  await instructor.page.locator(".live-mark.is-connected").waitFor();
  await v.page.locator(".course-buy").getByRole("button", { name: "Enroll" }).click();
  await v.page.waitForURL("**/learn/*");
  await record.arrives("the enrollment, in the page of the instructor", share(instructor, "Not started 1"));
  await v.ready();
}

const waitForVideo = (v) => v.page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
const waitForQueue = (v) => v.page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith("education-platform-progress:")));

// play plays a video from a second on, for a time or to its end, and returns the second that it reached.
const play = (v, from, seconds) => v.page.locator("video").evaluate(async (video, [start, length]) => {
  video.muted = true;
  video.currentTime = start;
  await video.play();
  await new Promise((resolve) => { video.addEventListener("ended", resolve, { once: true }); setTimeout(resolve, length * 1000); });
  video.pause();
  return Math.floor(video.currentTime);
}, [from, seconds]);

// watches plays a part of the first video; leaving the page sends the progress.
export async function watches({ student: v, instructor }, record, course) {
  await waitForVideo(v);
  const reached = await play(v, 0, 4);
  await pause(v);
  await v.page.locator(".site-nav").getByRole("link", { name: "My learning" }).click();
  await v.shows("h1", "Welcome back");
  await v.ready();
  await record.arrives("the course, on the dashboard", v.page.locator("[aria-labelledby=continue] h3", { hasText: course.title }));
  await pause(v);
  await v.page.locator("[aria-labelledby=continue] h3 a", { hasText: course.title }).click();
  await v.page.waitForURL("**/learn/*");
  await v.ready();
  await waitForVideo(v);
  await record.fresh("the position of the video", () => v.page.locator("video").evaluate((video, second) => video.currentTime >= second, reached));
  await play(v, 6, 4); // to its end
  await waitForQueue(v); // the app sends what was watched every ten seconds
  await record.arrives("the progress, in the page of the instructor", share(instructor, "In progress 1"));
}

// losesNetwork finishes the course without a network: it is sent when the network is back.
export async function losesNetwork({ student: v, instructor }, record) {
  await v.button("Next").click({ timeout: 2_000 }).catch(() => {}); // the player may have opened it by itself
  await v.shows("h1", "Coming home");
  await waitForVideo(v);
  await play(v, 0, 3); // a browser loads the rest meanwhile
  v.isOffline = true;
  await v.context.setOffline(true);
  await v.shows(".offline-bar", "You are offline");
  await play(v, 6, 4);
  await pause(v);
  await v.context.setOffline(false);
  await waitForQueue(v);
  v.isOffline = false;
  await record.arrives("the completion, in the page of the instructor", share(instructor, "Completed 1"));
  await record.arrives("the certificate", v.page.getByRole("link", { name: "Open your certificate" }));
}

// showsCertificate opens the certificate, and gives its address to another.
export async function showsCertificate({ student: v, admin }, record, course) {
  await pause(v);
  await v.page.getByRole("link", { name: "Open your certificate" }).click();
  await v.page.waitForURL("**/certificates/*");
  await v.ready();
  await admin.visit(new URL(v.page.url()).pathname);
  await record.fresh("the certificate, for another", async () => (await hasText(admin, ".certificate", v.name)) && hasText(admin, ".certificate", course.title));
}

// reviews writes a review, which the others see.
export async function reviews({ student: v, instructor, admin }, record, course) {
  const text = `Worth the way, ${Date.now()}`;
  await v.visit(course.path);
  const form = v.page.locator(".own-review");
  await form.locator("label", { hasText: "5 of 5 stars" }).click();
  await form.getByLabel("Text").fill(text);
  await pause(v);
  await form.getByRole("button", { name: "Publish review" }).click();
  await toast(v, "Your review is published");
  await admin.visit(course.path);
  await record.fresh("the review, on the page of the course", async () => (await hasText(admin, ".review", text)) && hasText(admin, ".course-figures", "(1 reviews)"));
  await instructor.visit(`${course.studio}/reviews`);
  await record.fresh("the review, in the studio", () => hasText(instructor, ".review-body", text));
}

// renamesCourse changes the title, which everyone sees.
export async function renamesCourse({ student: v, instructor }, record, course) {
  course.title = `${course.title}, again`;
  await instructor.visit(course.studio);
  await instructor.page.getByLabel("Title").fill(course.title);
  await pause(instructor);
  await instructor.button("Save").click();
  await toast(instructor, "Saved.");
  await v.visit(course.path);
  await record.fresh("the title, on the page of the course", async () => (await v.text("h1")) === course.title);
  await v.visit("/");
  await record.fresh("the title, in the catalogue", async () => (await v.text(".course-title")) === course.title);
}

// wishes adds a course to the wishlist and removes it.
export async function wishes({ student: v }, record) {
  const link = v.page.locator(".course-card", { has: v.button("Enroll", false) }).nth(3).locator(".course-title a");
  const title = await link.innerText();
  await link.click();
  await v.shows("h1", title);
  await v.ready();
  await v.page.locator(".course-buy").getByRole("button", { name: "Add to wishlist" }).click();
  await v.page.locator(".course-buy").getByRole("button", { name: "Remove from wishlist" }).waitFor();
  await v.visit("/wishlist");
  await record.fresh("the wishlist", () => hasText(v, ".course-title", title));
  await pause(v);
  await v.button("Remove from wishlist", false).first().click();
  await v.page.getByText("Your wishlist is empty").waitFor();
}

// renamesThemselves changes the name of the account, which the administrator sees.
export async function renamesThemselves({ student: v, admin }, record, course, round) {
  v.name = `Robin Journey ${round}`;
  await v.visit("/account");
  await v.page.getByLabel("Name", { exact: true }).fill(v.name);
  await pause(v);
  await v.button("Save profile").click();
  await toast(v, "Your profile is saved");
  await admin.visit(`${course.studio}/analytics`);
  await admin.page.locator("tbody th a").first().waitFor();
  await record.fresh("the name, in the list of students", () => hasText(admin, "tbody th", v.name));
  await admin.page.locator("tbody th a", { hasText: v.name }).click();
  await admin.page.waitForURL("**/admin/people/*");
  await admin.ready();
  await record.fresh("the name, in the page of the account", async () => (await admin.text("h1")) === v.name);
  await admin.visit("/admin");
  await pause(admin);
}

// signsOut ends the session.
export async function signsOut({ student: v }, record) {
  await v.visit("/");
  await v.page.locator(".site-nav summary").click();
  await v.button("Sign out").click();
  await v.page.locator(".site-nav").getByRole("link", { name: "Sign in" }).waitFor();
  await v.visit("/");
  await record.fresh("the page after signing out", async () => !(await hasText(v, ".site-nav", v.name)));
}
