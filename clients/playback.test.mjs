// The code of the guide plays the videos of the demo in Chromium, in a page of another origin.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { send, signUp } from "./accounts.mjs";
import { startBrowsers } from "./browser.mjs";
import { base } from "./server.mjs";

const read = (file) => readFile(join(import.meta.dirname, "app", file), "utf8");
const query = await read("playback.graphql");
const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Player</title><video muted></video>
<script type="module">${(await read("play-video.mjs")).replace("export async", "window.playVideo = async")}</script>`;

// isPlaying waits until the time of the player has grown beyond some seconds.
const isPlaying = (tab, seconds) => tab.waitForFunction((least) => document.querySelector("video").currentTime > least, seconds);

// play plays what the page gets from the API, first stale values and then the fresh ones. It returns how often it was loaded.
const play = (tab, answers) => tab.evaluate(async (list) => {
  window.loads = 0;
  document.querySelector("video").replaceWith(Object.assign(document.createElement("video"), { muted: true }));
  await window.playVideo(document.querySelector("video"), async () => list[Math.min(window.loads++, list.length - 1)]).catch((error) => {
    if (list.length === 1) throw error;
  });
}, answers);

test("playback", async (t) => {
  const { accessToken } = await signUp();
  const { courses: { nodes: [{ id: courseId, videos: { nodes: videos } }] } } =
    await send("{ courses(first: 1) { nodes { id videos(first: 2) { nodes { id isPreview } } } } }");
  const load = async (video, token) => (await send(query, { id: video.id }, token)).node.playback;
  const [preview, lesson] = videos;
  let hls; // loaded before the access token expires
  assert.ok(preview.isPreview && !lesson.isPreview);

  await t.test("is for those who are enrolled, except for previews", async () => {
    assert.ok(await load(preview));
    assert.equal(await load(lesson), null);
    assert.equal(await load(lesson, accessToken), null);
    await send("mutation($input: EnrollInput!) { enroll(input: $input) { userErrors { message } } }", { input: { courseId } }, accessToken);
    hls = await load(lesson, accessToken);
    assert.ok(hls);
    assert.equal(await load(lesson), null);
  });

  await t.test("is signed", async () => {
    const { url, poster, captions, expiresAt } = await load(preview);
    assert.ok(Date.parse(expiresAt) > Date.now() + 3_600_000);
    for (const file of [url, poster, ...captions.map((caption) => caption.url)]) {
      assert.ok(file.startsWith(base.replace("127.0.0.1", "localhost")), file);
      const response = await fetch(file, { headers: { origin: "http://app.localhost", range: "bytes=0-9" } });
      assert.equal(response.status, 206);
      assert.equal((await response.arrayBuffer()).byteLength, 10);
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      assert.equal((await fetch(file.replace("/sample/", "/other/"))).status, 403);
    }
  });

  const { openReloading } = await startBrowsers(t, { "/play/": page });
  const { openPage, faults } = await openReloading();
  const tab = await openPage("play");

  await t.test("plays MP4 with captions", async () => {
    const playback = await load(preview);
    assert.equal(playback.mimeType, "video/mp4");
    await play(tab, [playback]);
    await isPlaying(tab, 1);
    const { width, cues, failed } = await tab.evaluate(async () => {
      const video = document.querySelector("video");
      const [track] = video.querySelectorAll("track");
      track.track.mode = "showing";
      const failed = await new Promise((done) => {
        track.onload = () => done(false);
        track.onerror = () => done(true);
        if (track.readyState >= 2) done(track.readyState === 3);
      });
      return { width: video.videoWidth, cues: track.track.cues?.length, failed };
    });
    assert.deepEqual({ width, cues, failed }, { width: 640, cues: 2, failed: false });
  });

  await t.test("goes on with new URLs after the old ones have expired", async () => {
    const playback = await load(preview);
    const expired = { ...playback, url: playback.url.replace(/\/\d{10}-/, "/1000000000-"), expiresAt: new Date(0).toISOString() };
    await play(tab, [expired, playback]);
    await isPlaying(tab, 1);
    assert.equal(await tab.evaluate(() => window.loads), 2);
  });

  await t.test("plays HLS", async () => {
    assert.equal(hls.mimeType, "application/vnd.apple.mpegurl");
    const native = await tab.evaluate((type) => document.querySelector("video").canPlayType(type), hls.mimeType);
    assert.notEqual(native, "", "this Chromium does not play HLS");
    await play(tab, [hls]);
    await isPlaying(tab, 3); // in the second segment
  });
  assert.deepEqual(faults, []);
});
