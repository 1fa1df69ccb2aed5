// Steps about the page: dialogs, the keyboard, accessibility, themes, and windows of the width of a phone.
import assert from "node:assert/strict";
import { examples } from "./operation_steps.mjs";

// Both dialogs need an exception in the page's policy, which only opening them tests.
export async function opensDialogs(s) {
  await s.button("Open settings dialog").click();
  await s.page.getByRole("dialog").waitFor();
  await s.page.keyboard.press("Escape");
  await s.page.getByRole("dialog").waitFor({ state: "hidden" });
  await s.page.locator(".graphiql-query-editor .CodeMirror").click();
  await s.page.keyboard.press("Alt+g");
  await s.page.locator(".CodeMirror-search-field").waitFor();
  await s.page.keyboard.press("Escape");
}

// The parts that the keyboard has to reach, in their order.
const stops = ["7P Education API", "Sign out", "student", "Docs", "theme", "Show History", "CreateCourse", "Catalog", "New tab",
  "Operation", "Execute query (Ctrl-Enter)", "Variables", "Response", "Dry run", "Measure cost", "Copy link", "Code"];

export async function walksByKeyboard(s) {
  await s.write("query Short { courses(first: 1) { nodes { id } } }");
  await s.run();
  const walk = async (key, start) => {
    const seen = [];
    await start.focus();
    for (let i = 0; i < 120; i++) {
      const name = await s.page.evaluate(() => {
        const e = document.activeElement;
        if (e === document.body) return "";
        const label = e.closest(".collections") ? e.querySelector(".operation-name")?.textContent : e.labels?.[0]?.textContent;
        return (e.getAttribute("aria-label") || (e.name === "theme" ? e.name : label) || e.textContent).trim();
      });
      if (name === "") break;
      seen.push(name);
      await s.page.keyboard.press(key);
    }
    return seen;
  };
  const isInOrder = (seen, wanted) => wanted.reduce((from, name) => {
    const at = seen.indexOf(name, from);
    assert.ok(at >= from, `no ${name} after ${from} of ${JSON.stringify(seen)}`);
    return at + 1;
  }, 0);
  isInOrder(await walk("Tab", s.page.locator(".brand")), stops);
  isInOrder(await walk("Shift+Tab", s.button("Code")), stops.toReversed());
}

export async function isAccessible(s, themes = ["dark", "light"]) {
  await s.visit("/playground");
  if (await s.button("Sign out").isVisible()) await s.button("Sign out").click();
  await s.page.locator("#sign-in summary").click();
  await s.checkAccessibility("the sign-in form");
  await s.page.keyboard.press("Escape");
  await s.button("student").click();
  await s.page.locator("#identity").getByText("Sofía Lindqvist").waitFor();
  await s.page.getByLabel("Measure cost").check();
  for (const theme of themes) {
    await s.page.getByTitle(`${theme} theme`).click();
    await s.page.locator(`body.graphiql-${theme}`).waitFor();
    await s.run();
    await s.checkAccessibility(`a response, ${theme}`);
  }
  for (const plugin of ["GraphiQL Explorer", "History", "Documentation Explorer"]) {
    await s.button(`Show ${plugin}`).click();
    await s.page.locator(".graphiql-plugin > *").first().waitFor();
    await s.checkAccessibility(plugin);
  }
  await s.button("Hide Documentation Explorer").click();
  await s.button("Code").click();
  await s.checkAccessibility("code");
  await s.button("Close").click();
  await s.page.getByTitle("Theme of the system").click();
}

export async function switchesTheme(s) {
  const color = (selector) => s.page.$eval(selector, (e) => getComputedStyle(e).backgroundColor);
  const colors = async () => [await color(".bar"), await color(".graphiql-container")];
  const seen = {};
  for (const theme of ["dark", "light"]) {
    await s.page.getByTitle(`${theme} theme`).click();
    await s.page.locator(`body.graphiql-${theme}`).waitFor();
    seen[theme] = await colors();
    await s.screenshot(theme);
  }
  assert.notEqual(seen.dark[0], seen.light[0], "the bar has the same color in both themes");
  assert.notEqual(seen.dark[1], seen.light[1], "GraphiQL has the same color in both themes");

  await s.page.getByTitle("Theme of the system").click();
  await s.page.locator("body:not(.graphiql-light)").waitFor();
  for (const colorScheme of ["dark", "light"]) {
    await s.page.emulateMedia({ colorScheme });
    assert.deepEqual(await colors(), seen[colorScheme], `the system's ${colorScheme} theme is not followed`);
  }
}

export async function showsFrontPage(s) {
  for (const colorScheme of ["dark", "light"]) {
    await s.page.emulateMedia({ colorScheme });
    await s.page.goto(`${s.base}/`);
    await s.screenshot(`home-${colorScheme}`);
  }
  await s.page.getByRole("link", { name: "Playground" }).click();
  await s.ready();
}

// Panes are below each other, and neither the page nor an editor scrolls sideways with any example.
export async function stacks(s) {
  await s.run();
  const panes = [".bar", ".graphiql-sidebar", ".graphiql-query-editor", ".graphiql-editor-tool", ".result-window", ".panel"];
  let bottom = 0;
  for (const pane of panes) {
    const box = await s.page.locator(pane).boundingBox();
    assert.ok(box.y >= bottom - 1, `${pane} begins at ${box.y}, above ${bottom}`);
    assert.ok(box.width > 300, `${pane} is ${box.width} wide`);
    bottom = box.y + box.height;
  }
  await s.screenshot("phone", { fullPage: true });
  await s.button("Show Examples").click();
  for (const name of examples) {
    await s.openExample(name);
    const wide = await s.page.evaluate(() => [document.scrollingElement, ...document.querySelectorAll(".CodeMirror-scroll")]
      .filter((e) => e.checkVisibility() && e.querySelector(".CodeMirror-sizer, main").getBoundingClientRect().width > e.clientWidth + 1)
      .map((e) => `${e.className}: ${e.scrollWidth} in ${e.clientWidth}`));
    assert.deepEqual(wide, [], `${name} is too wide`);
    assert.equal(await s.page.evaluate(() => document.scrollingElement.scrollWidth), 390, `${name}: the page scrolls sideways`);
  }
}
