const hls = "application/vnd.apple.mpegurl";

// attachSource makes a video element play a file. Browsers that cannot play HLS themselves load hls.js for it. It
// returns what ends it.
export async function attachSource(element: HTMLVideoElement, url: string, mimeType: string): Promise<() => void> {
  if (mimeType !== hls || element.canPlayType(hls) !== "") {
    element.src = url;
    return () => element.removeAttribute("src");
  }
  const { default: Hls } = await import("hls.js/light");
  const player = new Hls();
  player.loadSource(url);
  player.attachMedia(element);
  return () => player.destroy();
}
