// Steps of an instructor: the list of courses, editing, the order of videos, figures.
import assert from "node:assert/strict";
import * as sql from "../sql.mjs";
import { counted, number, readRows } from "./texts.mjs";

const email = "instructor@7p.example";

const toast = (v, text) => v.shows(".toast", text);

export async function listsCourses(v) {
  v.account = await sql.account(email);
  await v.visit("/studio");
  const courses = await sql.taught(v.account.id);
  assert.deepEqual(await readRows(v, ".studio-row", ["h3", ".studio-row-figures > span"]), courses.map(({ title, students }) => [title, counted(students, "student")]));
  const figures = await sql.teaching(v.account.id);
  assert.deepEqual(
    await Promise.all(["Courses", "Enrollments", "Completions", "Mean rating"].map((name) => v.figure(name))),
    [number(figures.courses), number(figures.enrollments), number(figures.completions), figures.rating.toFixed(2)],
  );
  await v.page.getByRole("tab", { name: "Drafts" }).click();
  await v.page.waitForURL("**/studio?status=DRAFT");
  await v.shows(".studio-row", "Draft");
}

// makesCourse makes a draft; what is wrong is said at the field.
export async function makesCourse(v) {
  await v.visit("/studio");
  await v.page.getByRole("link", { name: "New course" }).click();
  await v.page.getByLabel("Title").fill("Tests that can fail");
  await v.page.getByLabel("Description").fill("How to write tests of whole pages.");
  await v.page.getByLabel("Price in USD").fill("much");
  await v.button("Create draft").click();
  await v.shows(".field-problem", "must be chosen");
  await v.shows(".field-problem", "must be an amount");
  await v.page.getByLabel("Category").selectOption({ index: 1 });
  await v.page.getByLabel("Price in USD").fill("19.90");
  await v.button("Create draft").click();
  await v.page.waitForURL("**/studio/courses/*/curriculum");
  v.courseId = decodeURIComponent(/courses\/([^/]+)/.exec(v.page.url())[1]);
  const course = await ownCourse(v);
  assert.deepEqual([course.title, course.published, course.published_at, course.price], ["Tests that can fail", false, null, 19.9]);
}

const ownCourse = (v) => sql.courseByKey(sql.keyOf(v.courseId));

const videoTitles = async (v) => (await sql.videos(sql.keyOf(v.courseId))).map(({ title }) => title);

export async function ordersVideos(v) {
  for (const [title, url] of [["One", "one"], ["Two", "two"], ["Three", "three"]]) {
    const { addVideo } = await v.api("mutation ($input: AddVideoInput!) { addVideo(input: $input) { userErrors { message } } }",
      { input: { courseId: v.courseId, title, durationSeconds: 60 } });
    assert.deepEqual(addVideo.userErrors, [], url);
  }
  await v.page.reload();
  await v.ready();
  await v.page.getByRole("button", { name: "Move Three" }).focus();
  for (const key of [" ", "ArrowUp", "ArrowUp"]) await v.page.keyboard.press(key);
  const saved = v.page.waitForResponse((response) => response.request().method() === "POST" && response.url().endsWith("/graphql"));
  await v.page.keyboard.press(" ");
  await saved;
  assert.deepEqual(await videoTitles(v), ["Three", "One", "Two"]);

  const [from, to] = [v.page.getByRole("button", { name: "Move Two" }), v.page.getByRole("button", { name: "Move Three" })];
  await from.scrollIntoViewIfNeeded();
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  await v.page.mouse.move(start.x + 5, start.y + 5);
  await v.page.mouse.down();
  await v.page.mouse.move(end.x + 5, end.y + 5, { steps: 8 });
  const dropped = v.page.waitForResponse((response) => response.request().method() === "POST" && response.url().endsWith("/graphql"));
  await v.page.mouse.up();
  await dropped;
  assert.deepEqual(await videoTitles(v), ["Two", "Three", "One"]);
  await v.page.waitForFunction(() => [...document.querySelectorAll(".curriculum-title")].map((title) => title.innerText).join() === "Two,Three,One");
}

export async function editsCourse(v) {
  await v.visit(`/studio/courses/${v.courseId}`);
  const title = v.page.getByLabel("Title");
  await title.fill("");
  await v.button("Save").click();
  await v.page.locator(".field-problem").waitFor();
  await title.fill("Tests that fail");
  await v.button("Save").click();
  await toast(v, "Saved.");
  assert.equal((await ownCourse(v)).title, "Tests that fail");
}

export async function publishes(v) {
  await v.button("Publish").click();
  const dialog = v.page.getByRole("dialog");
  await dialog.waitFor();
  await dialog.getByRole("button", { name: /^Publish/ }).click();
  await toast(v, "The course is published");
  assert.equal((await ownCourse(v)).published, true);
  await v.button("Unpublish").click();
  await v.page.getByRole("dialog").getByRole("button", { name: "Unpublish" }).click();
  await toast(v, "The course is archived");
  assert.equal((await ownCourse(v)).published, false);
}

export async function deletesCourse(v) {
  await v.button("Delete course").first().click();
  await v.page.getByRole("dialog").getByRole("button", { name: "Delete course" }).click();
  await v.page.waitForURL("**/studio");
  assert.equal(await ownCourse(v), undefined);
}

export async function showsAnalytics(v) {
  const course = (await sql.taught(v.account.id)).find(({ published }) => published);
  await v.visit("/studio?status=PUBLISHED");
  const link = v.page.locator(".studio-row h3 a", { hasText: course.title }).first();
  const path = await link.getAttribute("href");
  assert.equal(sql.keyOf(path.split("/").at(-1)), course.id);
  await v.visit(`${path}/analytics`);
  await v.shows("h1", course.title);
  const { students, rating } = await sql.analytics(course.id);
  assert.deepEqual([await v.figure("Students"), await v.figure("Mean rating")], [number(students), rating?.toFixed(2) ?? "–"]);
  await v.page.locator(".shares-legend").waitFor();
  const { completed, started, rest } = await sql.states(course.id);
  assert.deepEqual(await v.page.locator(".shares-legend li").allTextContents(),
    [`Completed ${number(completed)}`, `In progress ${number(started)}`, `Not started ${number(rest)}`]);
  await v.shows("#main", `Students (${number(course.students)})`);
  await v.visit(`${path}/reviews`);
  await v.shows("h1", course.title);
  if (course.reviews > 0) await v.shows("#main", counted(course.reviews, "review"));
  const authors = await v.page.locator(".review-head b").allTextContents();
  assert.deepEqual(authors, (await sql.reviews(course.id, authors.length)).map(({ author }) => author));
}
