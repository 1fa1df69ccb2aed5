export interface MediaFile {
  readonly url: string;
  readonly mimeType: string;
}

const hls = "application/vnd.apple.mpegurl";

const loadScript = () => import("hls.js/light");
const needsScript = ({ mimeType }: MediaFile, element: HTMLVideoElement) => mimeType === hls && element.canPlayType(hls) === "";

// preloadMedia loads what the first frame of a file waits for: its playlist, and hls.js if the browser needs it.
export function preloadMedia(file: MediaFile) {
  if (file.mimeType !== hls) return;
  if (needsScript(file, document.createElement("video"))) loadScript().catch(() => {}); // attachMedia reports a failure
  fetch(file.url).catch(() => {});
}

// attachMedia gives a file to a video element, and returns what takes it away again. Browsers that do not play HLS
// by themselves load hls.js for it. It runs without a worker, which the policy of the page does not allow.
export function attachMedia(element: HTMLVideoElement, file: MediaFile, onFailed: () => void) {
  if (!needsScript(file, element)) {
    element.src = file.url;
    return () => {
      element.removeAttribute("src");
      element.load();
    };
  }
  let detach = () => {};
  let current = true;
  loadScript().then(({ default: Hls }) => {
    if (!current) return;
    const player = new Hls({ enableWorker: false });
    player.on(Hls.Events.ERROR, (_event, { fatal }) => fatal && onFailed());
    player.loadSource(file.url);
    player.attachMedia(element);
    detach = () => player.destroy();
  }, onFailed);
  return () => {
    current = false;
    detach();
  };
}
