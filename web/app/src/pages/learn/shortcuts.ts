// The keys of the player, and what they do with the video element.
export interface PlayerActions {
  readonly previous: () => void;
  readonly next: () => void;
  readonly help: () => void;
}

interface Shortcut {
  readonly keys: readonly string[]; // as in KeyboardEvent.key
  readonly shown: string;
  readonly label: string;
  readonly run: (video: HTMLVideoElement, actions: PlayerActions) => void;
}

const seek = (seconds: number) => (video: HTMLVideoElement) => {
  video.currentTime = Math.min(Math.max(video.currentTime + seconds, 0), video.duration || 0);
};

const changeSpeed = (by: number) => (video: HTMLVideoElement) => {
  video.playbackRate = Math.min(Math.max(video.playbackRate + by, 0.25), 4);
};

const changeVolume = (by: number) => (video: HTMLVideoElement) => {
  video.muted = false;
  video.volume = Math.min(Math.max(video.volume + by, 0), 1);
};

export const shortcuts: readonly Shortcut[] = [
  { keys: ["k", " "], shown: "K or Space", label: "Play or pause", run: (video) => void (video.paused ? video.play().catch(() => {}) : video.pause()) },
  { keys: ["ArrowLeft"], shown: "←", label: "Back 5 seconds", run: seek(-5) },
  { keys: ["ArrowRight"], shown: "→", label: "Forward 5 seconds", run: seek(5) },
  { keys: ["j"], shown: "J", label: "Back 10 seconds", run: seek(-10) },
  { keys: ["l"], shown: "L", label: "Forward 10 seconds", run: seek(10) },
  { keys: ["ArrowUp"], shown: "↑", label: "Louder", run: changeVolume(0.1) },
  { keys: ["ArrowDown"], shown: "↓", label: "Quieter", run: changeVolume(-0.1) },
  { keys: ["m"], shown: "M", label: "Mute", run: (video) => { video.muted = !video.muted; } },
  { keys: ["c"], shown: "C", label: "Captions", run: toggleCaptions },
  { keys: ["f"], shown: "F", label: "Full screen", run: () => void toggleFullScreen() },
  { keys: [">"], shown: ">", label: "Faster", run: changeSpeed(0.25) },
  { keys: ["<"], shown: "<", label: "Slower", run: changeSpeed(-0.25) },
  { keys: ["n"], shown: "N", label: "Next video", run: (_video, { next }) => next() },
  { keys: ["p"], shown: "P", label: "Previous video", run: (_video, { previous }) => previous() },
  { keys: ["?"], shown: "?", label: "This list", run: (_video, { help }) => help() },
];

// shortcutOf returns the shortcut of a key, unless the key belongs to a control or to the browser.
export function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  const target = event.target as Element;
  if (target.closest("input, textarea, select, [contenteditable], dialog")) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const used = target.closest("button, a, summary") ? [" ", "Enter"] : []; // the control's own keys
  const onPage = key.startsWith("Arrow") && !target.closest(".player"); // arrows scroll the page elsewhere
  return used.includes(key) || onPage ? undefined : shortcuts.find(({ keys }) => keys.includes(key));
}

const captionsKey = "education-platform-captions";

// showCaptions shows the track in the language that the viewer chose last, once it is loaded.
export function showCaptions(video: HTMLVideoElement) {
  const chosen = localStorage.getItem(captionsKey);
  for (const track of video.textTracks) track.mode = track.language === chosen ? "showing" : "disabled";
}

// storeCaptions stores the language of the captions that are shown.
export function storeCaptions(video: HTMLVideoElement) {
  const shown = [...video.textTracks].find(({ mode }) => mode === "showing");
  if (shown) localStorage.setItem(captionsKey, shown.language);
  else localStorage.removeItem(captionsKey);
}

function toggleCaptions(video: HTMLVideoElement) {
  const tracks = [...video.textTracks];
  const shown = tracks.find(({ mode }) => mode === "showing");
  const language = navigator.language.split("-")[0];
  const next = shown ? undefined : tracks.find((track) => track.language.startsWith(language ?? "")) ?? tracks[0];
  for (const track of tracks) track.mode = track === next ? "showing" : "disabled";
  storeCaptions(video);
}

async function toggleFullScreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.querySelector(".player")?.requestFullscreen?.();
}
