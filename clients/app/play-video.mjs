// playVideo plays a video in a <video> element. loadPlayback requests Video.playback from the API.
export async function playVideo(element, loadPlayback) {
  let expires;

  async function load() {
    const playback = await loadPlayback();
    if (!playback) throw new Error("the viewer may not play this video");
    expires = Date.parse(playback.expiresAt);
    element.crossOrigin = "anonymous"; // captions of another origin need CORS
    element.poster = playback.poster ?? "";
    element.replaceChildren(...playback.captions.map(({ language, label, url }) =>
      Object.assign(document.createElement("track"), { kind: "captions", srclang: language, label, src: url })));
    element.src = playback.url;
  }

  // The URLs have expired after a long pause: go on with new ones at the same position.
  element.addEventListener("error", async () => {
    if (Date.now() < expires) return;
    const { currentTime } = element;
    await load();
    element.currentTime = currentTime;
    await element.play();
  });
  await load();
  await element.play();
}
