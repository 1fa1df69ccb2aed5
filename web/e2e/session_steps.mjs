// Steps about sessions: signing in, demo accounts, and what the browser stores.
import assert from "node:assert/strict";

const email = "student@7p.example";
const password = "correct horse battery";

const identity = (s) => s.page.locator("#identity");

async function signInByForm(s, typed) {
  await s.page.locator("#sign-in summary").click();
  await s.page.getByLabel("Email").fill(email);
  await s.page.getByLabel("Password").fill(typed);
  await s.page.locator("#password-form").getByRole("button", { name: "Sign in" }).click();
}

export async function signsIn(s) {
  await signInByForm(s, "wrong password");
  await s.page.getByText("the email or the password is wrong").waitFor();
  await s.page.locator("#sign-in summary").click();
  const responded = s.page.waitForResponse((r) => r.request().postData()?.includes("signIn"));
  await signInByForm(s, password);
  const { accessToken, refreshToken } = (await (await responded).json()).data.signIn;
  await identity(s).getByText("Sofía Lindqvist").waitFor();
  assert.match(await identity(s).innerText(), /student\s+until \d+:\d\d( [AP]M)?, renewed by itself/);

  await s.openExample("MyDashboard");
  const { data, request } = await s.run();
  assert.equal(data.viewer.email, email);
  assert.equal(await request.headerValue("authorization"), `Bearer ${accessToken}`);
  const { cache } = await s.panel();
  assert.match(cache, /Private: browsers ask again each time, and CDNs must not store it\.$/);

  await s.page.waitForTimeout(700); // GraphiQL stores tabs 500 ms after a change
  const stored = await s.stored();
  for (const secret of [password, accessToken, refreshToken]) {
    assert.ok(!(stored.local + stored.session).includes(secret), "a password or a token is stored");
  }
}

export async function keepsSession(s) {
  await s.page.reload();
  await s.ready();
  await identity(s).getByText("Sofía Lindqvist").waitFor();
  assert.ok(!(await s.stored()).session.includes("accessToken"), "the session is in sessionStorage after a reload");
  assert.deepEqual((await s.tabs().allInnerTexts()).at(-1), "MyDashboard", "the tabs were not restored");
  const { data } = await s.run();
  assert.equal(data.viewer.email, email);
}

export async function followsLiveQuery(s) {
  await s.write("{ viewer { name } }");
  await s.button("Live").click();
  assert.equal((await s.operation()).query, "query @live { viewer { name } }");
  await s.write("query Speed { viewer { preferences { playbackSpeed } } }");
  await s.button("Live").click();
  assert.match((await s.operation()).query, /^query Speed @live \{/);
  const sent = s.page.waitForRequest((r) => r.headers().accept === "text/event-stream");
  await s.button("Execute query", false).click();
  const { authorization } = (await sent).headers();
  for (const speed of [1.25, 1.5]) {
    const { errors } = await (await fetch(`${s.base}/graphql`, {
      method: "POST", headers: { "content-type": "application/json", authorization },
      body: JSON.stringify({ query: `mutation { updatePreferences(input: { playbackSpeed: ${speed} }) { user { id } } }` }),
    })).json();
    assert.equal(errors, undefined);
    await s.page.waitForFunction((value) => {
      const shown = document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
      return shown !== "" && JSON.parse(shown).data.viewer.preferences.playbackSpeed === value;
    }, speed);
  }
  assert.equal((await s.panel()).figures.Cache, "live");
  await s.screenshot("live");
  await s.button("Stop query", false).click();
  await s.button("Execute query", false).waitFor();
  await s.button("Live").click();
  assert.match((await s.operation()).query, /^query Speed \{/);
}

export async function signsOut(s) {
  await s.button("Sign out").click();
  await s.page.locator("#sign-in summary").waitFor();
  const { data, request } = await s.run();
  assert.equal(data.viewer, null);
  assert.equal(await request.headerValue("authorization"), null);
}

// Checks of the result of each example, by the account that it is for.
const checks = {
  student: {
    Catalog: (data) => assert.equal(data.courses.nodes.length, 10),
    Search: (data) => assert.ok(data.searchCourses.edges.length > 0, "nothing found"),
    Suggestions: (data) => assert.ok(data.suggest.length > 0, "no suggestions"),
    CoursePage: (data) => assert.ok(data.course?.title, "no course of that slug"),
    BrowseTree: (data) => assert.ok(data.categories.length > 0, "no categories"),
    Instructor: (data) => assert.ok(data.userBySlug.instructorProfile.courseCount > 0, "no courses"),
    MyDashboard: (data) => assert.equal(data.viewer.email, email),
    MyCertificates: (data) => assert.ok(data.viewer.certificates.totalCount > 0, "no certificates"),
    Wishlist: (data) => assert.equal(data.addToWishlist.course.viewerHasWishlisted, true),
    Enroll: (data) => assert.ok(data.enroll.enrollment?.course.viewerEnrollment.id, JSON.stringify(data)),
    RecordProgress: (data) => assert.equal(data.recordVideoProgress.recordedCount, 2),
    ReviewCourse: (data) => assert.equal(data.reviewCourse.review.rating, 5),
  },
  instructor: {
    InstructorDashboard: (data) => assert.ok(data.instructorDashboard.coursesCount > 0, "no courses"),
    CreateCourse: (data) => assert.ok(data.createCourse.course.id, JSON.stringify(data)),
  },
  admin: {
    PlatformDashboard: (data) => assert.ok(data.platformDashboard.usersCount > 0, "no users"),
  },
};

export async function runsEveryExample(s) {
  for (const [account, byName] of Object.entries(checks)) {
    await s.button(account).click();
    await s.page.waitForFunction((role) => document.getElementById("identity-role").textContent === role, account);
    for (const [name, check] of Object.entries(byName)) {
      await s.openExample(name);
      const { data, errors } = await s.run();
      assert.equal(errors, undefined, `${name} returned errors: ${JSON.stringify(errors)}`);
      check(data);
    }
  }
  await s.screenshot("admin");
  await s.button("Sign out").click();
}

// Passwords and headers that are typed into the editors are in no storage, under any name of a variable.
export async function storesNoSecret(s) {
  const secret = "hunter2 battery staple";
  for (const [query, variables] of [
    ["mutation A($email: String!, $p: String!) { signIn(input: { email: $email, password: $p }) { userErrors { code } } }", { email, p: secret }],
    [`mutation B { signIn(input: { email: "${email}", password: "${secret}" }) { userErrors { code } } }`, {}],
    ["mutation C($in: SignInInput!) { signIn(input: $in) { userErrors { code } } }", { in: { email, password: secret } }],
  ]) {
    await s.write(query, variables);
    const { data } = await s.run();
    assert.equal(data.signIn.userErrors[0].code, "INVALID_CREDENTIALS");
    await s.page.waitForTimeout(600);
    assert.ok(!(await s.stored()).local.includes(secret), `the password of ${query} is in localStorage`);
  }
  await s.write("query Keyed { courses(first: 1) { totalCount } }");
  await s.button("Headers").click();
  await s.page.evaluate((key) => document.querySelectorAll(".graphiql-editor-tool .CodeMirror")[1].CodeMirror.setValue(JSON.stringify({ "X-Key": key })), secret);
  assert.equal(await (await s.run()).request.headerValue("x-key"), secret);
  await s.page.waitForTimeout(600);
  assert.ok(!(await s.stored()).local.includes(secret), "the key in the headers is in localStorage");
  await s.page.reload();
  await s.ready();
  assert.ok(!JSON.stringify(await s.operation()).includes(secret), "the password came back after a reload");
}

export async function acceptsToken(s) {
  const token = await s.page.evaluate(async (variables) => {
    const body = JSON.stringify({ query: "mutation($in: SignInInput!) { signIn(input: $in) { accessToken } }", variables });
    const response = await fetch("/graphql", { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await response.json()).data.signIn.accessToken;
  }, { in: { email, password } });
  await s.page.locator("#sign-in summary").click();
  await s.page.getByLabel("Or an access token").fill(`Bearer ${token}`);
  await s.button("Use token").click();
  await identity(s).getByText("Sofía Lindqvist").waitFor();
  assert.match(await identity(s).innerText(), /until \d+:\d\d( [AP]M)?\s/);
  assert.ok(!(await s.stored()).local.includes(token), "the token is in localStorage");
}
