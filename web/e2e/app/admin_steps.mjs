// Steps of an administrator.
import assert from "node:assert/strict";
import * as sql from "../sql.mjs";
import { counted, number, readRows } from "./texts.mjs";

export async function showsFigures(v) {
  await v.visit("/admin");
  const figures = await sql.platform();
  assert.deepEqual(
    await Promise.all(["Accounts", "Published courses", "Enrollments", "Completions"].map((name) => v.figure(name))),
    [figures.accounts, figures.courses, figures.enrollments, figures.completions].map(number),
  );
  const text = await v.text("#main");
  for (const { title, students } of await sql.courses(sql.orders.popular, null, 5)) {
    assert.ok(text.includes(title) && text.includes(number(students)), `${title} with ${students} students is missing`);
  }
}

export async function listsCourses(v) {
  const courses = await sql.courses(sql.orders.title, null, 20);
  await v.visit("/admin/courses");
  await v.page.getByLabel("Order").selectOption({ label: "Title" });
  await v.shows("tbody tr:first-child", courses[0].title);
  const rows = await readRows(v, "tbody tr", ["th", "td:nth-child(2)", "td:nth-child(3)"]);
  assert.deepEqual(rows.slice(0, 20), courses.map(({ title, instructor, students }) => [title, instructor, number(students)]));
  await v.shows("#main", counted(await sql.countCourses(), "course"));
}

export async function findsPerson(v) {
  await v.visit("/admin/people");
  await v.page.getByLabel("Name or course").fill("Daniel Ok");
  await v.page.getByRole("link", { name: "Daniel Okafor" }).click();
  await v.page.waitForURL("**/admin/people/*");
  await v.shows("#main", "instructor@7p.example");
  const account = await sql.account("instructor@7p.example");
  const courses = await sql.taught(account.id, 1000);
  await v.shows("#main", `Courses taught (${number(courses.length)})`);
  await v.shows("h1", account.name);
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
