// Steps of an instructor: the list of courses, editing, the order of videos, figures.
import assert from "node:assert/strict";

const toast = (v, text) => v.shows(".toast", text);

export async function listsCourses(v) {
  const { viewer, instructorDashboard } = await v.api("{ viewer { coursesTaught(first: 20) { nodes { id title } } } instructorDashboard { coursesCount totalEnrollments } }");
  await v.visit("/studio");
  assert.deepEqual(await v.page.locator(".studio-row h3").allInnerTexts(), viewer.coursesTaught.nodes.map(({ title }) => title));
  assert.equal(await v.figure("Courses"), instructorDashboard.coursesCount.toLocaleString("en-US"));
  assert.equal(await v.figure("Enrollments"), instructorDashboard.totalEnrollments.toLocaleString("en-US"));
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
  const { course } = await v.api("query ($id: ID!) { course(id: $id) { title status price { amount } } }", { id: v.courseId });
  assert.deepEqual([course.title, course.status, Number(course.price.amount)], ["Tests that can fail", "DRAFT", 19.9]);
}

const videoTitles = async (v) => (await v.api("query ($id: ID!) { course(id: $id) { videos(first: 50) { nodes { title } } } }", { id: v.courseId }))
  .course.videos.nodes.map(({ title }) => title);

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
  const { course } = await v.api("query ($id: ID!) { course(id: $id) { title } }", { id: v.courseId });
  assert.equal(course.title, "Tests that fail");
}

export async function publishes(v) {
  await v.button("Publish").click();
  const dialog = v.page.getByRole("dialog");
  await dialog.waitFor();
  await dialog.getByRole("button", { name: /^Publish/ }).click();
  await toast(v, "The course is published");
  const { course } = await v.api("query ($id: ID!) { course(id: $id) { status } }", { id: v.courseId });
  assert.equal(course.status, "PUBLISHED");
  await v.button("Unpublish").click();
  await v.page.getByRole("dialog").getByRole("button", { name: "Unpublish" }).click();
  await toast(v, "The course is archived");
}

export async function deletesCourse(v) {
  await v.button("Delete course").first().click();
  await v.page.getByRole("dialog").getByRole("button", { name: "Delete course" }).click();
  await v.page.waitForURL("**/studio");
  const { course } = await v.api("query ($id: ID!) { course(id: $id) { id } }", { id: v.courseId });
  assert.equal(course, null);
}

export async function showsAnalytics(v) {
  const { viewer } = await v.api("{ viewer { coursesTaught(first: 1, status: PUBLISHED) { nodes { id title enrollmentCount reviewCount } } } }");
  const [course] = viewer.coursesTaught.nodes;
  await v.visit(`/studio/courses/${course.id}/analytics`);
  await v.shows("h1", course.title);
  assert.ok((await v.text("#main")).includes(course.enrollmentCount.toLocaleString("en-US")), "the number of students is missing");
  await v.visit(`/studio/courses/${course.id}/reviews`);
  await v.shows("h1", course.title);
}
