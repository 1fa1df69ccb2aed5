// Measures how long the sample video takes until its first frame is shown.
import { listPaths, createSlow } from "./slow_visits.mjs";

export const maxFirstFrame = 3_000; // ms

// withoutHls runs in the page: the browser says that it does not play HLS, as Firefox does, so hls.js plays it.
export function withoutHls() {
  const { canPlayType } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.canPlayType = function (type) {
    return type.includes("mpegurl") ? "" : canPlayType.call(this, type);
  };
}

// listLessons returns the paths of the first two lessons of a course that the visitor takes. The demo has the first as
// MP4 and the second as HLS.
export async function listLessons(v) {
  const { viewer } = await v.api("{ viewer { enrollments(first: 1, status: IN_PROGRESS) { nodes { course { slug videos(first: 2) { nodes { id } } } } } } }");
  const [{ course: { slug, videos } }] = viewer.enrollments.nodes;
  return videos.nodes.map(({ id }) => `/learn/${slug}?video=${encodeURIComponent(id)}`);
}

// recordFrames runs in the page: it records the time of the last click, and of the first frame after it.
function recordFrames() {
  Object.assign(window, { clicked: 0, frame: 0 });
  addEventListener("click", ({ timeStamp }) => Object.assign(window, { clicked: timeStamp, frame: 0 }), true);
  addEventListener("loadstart", ({ target }) => target.requestVideoFrameCallback?.((now) => {
    window.frame = now;
  }), true);
}

const awaitFrame = (v) => v.page.waitForFunction(() => window.frame > 0);

// The starts of a video: each is a click, or the opening of a page.
export const starts = {
  "a preview, MP4, from the click": { role: "", async act(v) {
    await v.visit((await listPaths(v)).find((path) => path.startsWith("/courses/")));
    await v.button("Watch a preview").click();
  } },
  "the next lesson, HLS, from the click": { role: "student", async act(v) {
    await v.visit((await listLessons(v))[0]);
    await awaitFrame(v);
    await v.page.waitForTimeout(3_000); // a viewer watches; the page preloads the next lesson
    await v.button("Next").click();
  } },
  "a lesson, HLS, from the request of its page": { role: "student", async act(v) {
    await v.page.goto(v.base + (await listLessons(v))[1]);
  } },
};

// measureFirstFrame returns the time from a start to the first frame, with the HLS of the browser or with hls.js.
export async function measureFirstFrame(browser, base, network, { start, script }) {
  const { role, act } = starts[start];
  const v = await createSlow(browser, base, network, { role });
  await v.page.addInitScript(recordFrames);
  if (script) await v.page.addInitScript(withoutHls);
  await act(v);
  await awaitFrame(v);
  const time = await v.page.evaluate(() => window.frame - window.clicked);
  await v.context.close();
  return time;
}
