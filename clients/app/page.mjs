// A page with a catalog, search, sign-in, enrollment and progress. It has no framework. The functions of
// connect are those of a client library: watch, mutate, refetch and stop.
import catalog from "./operations/catalog.graphql";
import course from "./operations/course.graphql";
import courseCard from "./operations/course-card.graphql";
import enroll from "./operations/enroll.graphql";
import recordProgress from "./operations/record-progress.graphql";
import search from "./operations/search.graphql";
import suggestions from "./operations/suggestions.graphql";
import viewer from "./operations/viewer.graphql";
import { createSession } from "./session.mjs";

const api = new URLSearchParams(location.search).get("api");
const courseId = new URLSearchParams(location.search).get("course");
const changedKey = "7p:changed"; // in localStorage: informs other tabs
const pageSize = 10;
const find = (selector) => document.querySelector(selector);
const withCard = (text) => text + courseCard;

export function startPage(connect) {
  const session = createSession(api);
  let client;
  let lists = []; // the results of the watched pages of courses, in order
  const stops = []; // ends the watches of lists
  const writing = new Set(); // the keys of the mutations in progress

  const report = (message) => { find("[role=alert]").textContent = message; };

  // watch shows data of a query as long as the list that began with it is shown.
  function watch(query, variables, show) {
    stops.push(client.watch(query, variables, (data, error) => {
      if (error) report(error.message);
      else if (data) show(data);
    }));
  }

  function stopList() {
    stops.splice(0).forEach((stop) => stop());
    lists = [];
  }

  // write sends a mutation and then fetches the queries of the page again. Until then the buttons with its
  // key are disabled, and buttons that are drawn meanwhile too.
  async function write(key, mutation, variables) {
    writing.add(key);
    disableButtons();
    report("");
    try {
      const [payload] = Object.values(await client.mutate(mutation, variables));
      payload.userErrors.forEach(({ message }) => report(message));
      localStorage.setItem(changedKey, crypto.randomUUID());
      await client.refetch();
    } catch (error) {
      report(error.message);
    }
    writing.delete(key);
    disableButtons();
  }

  function disableButtons() {
    for (const button of document.querySelectorAll("[data-key]")) button.disabled = writing.has(button.dataset.key);
  }

  function writeButton(text, key, mutation, variables) {
    const button = Object.assign(document.createElement("button"), { textContent: text, disabled: writing.has(key) });
    button.dataset.key = key;
    button.onclick = () => write(key, mutation, variables);
    return button;
  }

  function courseItem({ id, title, enrollmentCount, viewerCanEnroll, viewerEnrollment }) {
    const item = document.createElement("li");
    item.dataset.id = id;
    const link = Object.assign(document.createElement("a"), { textContent: title });
    const address = new URL(location.href);
    address.searchParams.set("course", id);
    link.href = address.href;
    const count = Object.assign(document.createElement("span"), { textContent: `${enrollmentCount} students` });
    item.append(link, count);
    if (viewerEnrollment) {
      item.append(`enrolled, ${Math.round(viewerEnrollment.progress)} %`);
    } else if (viewerCanEnroll) {
      item.append(writeButton("Enroll", id, withCard(enroll), { courseId: id }));
    }
    return item;
  }

  const showCourses = (courses) => find("#courses").replaceChildren(...courses.map(courseItem));

  function showCatalogPage(number, after) {
    watch(withCard(catalog), { first: pageSize, after }, ({ courses }) => {
      lists[number] = courses;
      showCourses(lists.flatMap(({ edges }) => edges.map(({ node }) => node)));
      end.unobserve(find("#end")); // the observer reports again whether the end is visible
      end.observe(find("#end"));
    });
  }

  const end = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && showNextPage());
  // showNextPage continues the catalog when its end is visible.
  function showNextPage() {
    const last = lists.at(-1);
    if (last?.pageInfo?.hasNextPage && stops.length === lists.length) {
      showCatalogPage(lists.length, last.pageInfo.endCursor);
    }
  }

  function showCourse() {
    watch(withCard(course), { id: courseId }, (data) => {
      showCourses([data.course]);
      find("#videos").replaceChildren(...data.course.videos.edges.map(({ node: { id, title, durationSeconds } }) => {
        const item = Object.assign(document.createElement("li"), { textContent: title });
        const events = [{ videoId: id, progressSeconds: durationSeconds }];
        item.append(writeButton("Watch", id, recordProgress, { events }));
        return item;
      }));
    });
  }

  // showList shows the course, the results of the search, or the catalog. The previous list remains
  // visible until the new one is there.
  function showList() {
    const text = find("[type=search]").value;
    stopList();
    if (courseId) showCourse();
    else if (text) showSearch(text);
    else showCatalogPage(0, null);
  }

  function showSearch(text) {
    watch(withCard(search), { query: text }, ({ searchCourses: { edges } }) => {
      showCourses(edges.map(({ node }) => node));
      report(edges.length === 0 ? "No course found" : "");
    });
  }

  // showSuggestions completes the text while it is typed. The next letter ends the request of the last one.
  function showSuggestions() {
    const prefix = find("[type=search]").value;
    stopSuggestions();
    stopSuggestions = client.watch(suggestions, { prefix }, (data, error) => {
      if (error) report(error.message);
      const titles = data?.searchSuggestions ?? [];
      find("#suggestions").replaceChildren(...titles.map((title) => Object.assign(document.createElement("option"), { value: title })));
    });
  }

  let stopViewer = () => {};
  let stopSuggestions = () => {};
  // start begins with an empty cache: cached results belong to a viewer.
  function start() {
    stopList();
    stopViewer();
    stopSuggestions();
    client?.stop();
    client = connect(api, session);
    stopViewer = client.watch(viewer, {}, (data, error) => {
      if (error) return report(error.message);
      if (!data) return;
      find("#sign-in").hidden = Boolean(data.viewer);
      find("#viewer").hidden = !data.viewer;
      find("#viewer span").textContent = data.viewer?.name ?? "";
    });
    showList();
  }

  find("[type=search]").oninput = showSuggestions;
  find("[type=search]").onchange = showList;
  find("#sign-in").onsubmit = async (event) => {
    event.preventDefault();
    const { email, password } = Object.fromEntries(new FormData(event.target));
    const [problem] = await session.signIn(email, password);
    report(problem?.message ?? "");
    if (!problem) start();
  };
  find("#viewer button").onclick = async () => {
    await session.signOut();
    start();
  };
  session.onChange(start);
  // Other tabs, and pages that the back button restores, show the latest data.
  addEventListener("storage", ({ key }) => key === changedKey && client.refetch());
  addEventListener("pageshow", ({ persisted }) => persisted && client.refetch());
  start();
}
