export interface MediaFile {
  readonly url: string;
  readonly mimeType: string;
}

const hls = "application/vnd.apple.mpegurl";

// attachMedia gives a file to a video element, and returns what takes it away again. Browsers that do not play HLS
// by themselves load hls.js for it. It runs without a worker, which the policy of the page does not allow.
export function attachMedia(element: HTMLVideoElement, { url, mimeType }: MediaFile, onFailed: () => void) {
  if (mimeType !== hls || element.canPlayType(hls) !== "") {
    element.src = url;
    return () => {
      element.removeAttribute("src");
      element.load();
    };
  }
  let detach = () => {};
  let current = true;
  import("hls.js/light").then(({ default: Hls }) => {
    if (!current) return;
    const player = new Hls({ enableWorker: false });
    player.on(Hls.Events.ERROR, (_event, { fatal }) => fatal && onFailed());
    player.loadSource(url);
    player.attachMedia(element);
    detach = () => player.destroy();
  }, onFailed);
  return () => {
    current = false;
    detach();
  };
}
