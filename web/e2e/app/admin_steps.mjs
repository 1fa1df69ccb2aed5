// Steps of an administrator.
import assert from "node:assert/strict";

export async function showsFigures(v) {
  const { platformDashboard: figures } = await v.api("{ platformDashboard { publishedCoursesCount completionsCount topCourses(first: 5) { title } } }");
  await v.visit("/admin");
  assert.equal(await v.figure("Published courses"), figures.publishedCoursesCount.toLocaleString("en-US"));
  assert.equal(await v.figure("Completions"), figures.completionsCount.toLocaleString("en-US"));
  const text = await v.text("#main");
  for (const { title } of figures.topCourses) assert.ok(text.includes(title), `${title} is missing`);
}

export async function listsCourses(v) {
  const { courses } = await v.api("{ courses(first: 20, orderBy: { field: TITLE, direction: ASC }) { totalCount nodes { title } } }");
  await v.visit("/admin/courses");
  await v.page.getByLabel("Order").selectOption({ label: "Title" });
  await v.shows("tbody tr:first-child", courses.nodes[0].title);
  assert.deepEqual((await v.page.locator("tbody th").allInnerTexts()).slice(0, 20), courses.nodes.map(({ title }) => title));
  await v.shows("#main", `${courses.totalCount.toLocaleString("en-US")} courses`);
}

export async function findsPerson(v) {
  await v.visit("/admin/people");
  await v.page.getByLabel("Name or course").fill("Daniel Ok");
  await v.page.getByRole("link", { name: "Daniel Okafor" }).click();
  await v.page.waitForURL("**/admin/people/*");
  await v.shows("#main", "instructor@7p.example");
}

export async function showsVitals(v) {
  await v.visit("/admin/vitals");
  await v.shows("tbody th", "catalogue");
}

// The administrator may change any course.
export async function opensForeignCourse(v) {
  await v.visit("/admin/courses");
  await v.page.getByRole("link", { name: /^Open .* in the studio$/ }).first().click();
  await v.page.waitForURL("**/studio/courses/*");
  await v.page.getByLabel("Title").waitFor();
}
