import { useRef } from "react";
import type { PlaybackFilesFragment } from "../../generated/types";
import { preloadMedia } from "../../video/attach-media";

type Playback = PlaybackFilesFragment | null;

// usePlayback returns what loads the URLs of the video at an index, and what preloads those of the next video while one
// is shown. Preloaded URLs are used once, so a player whose URLs have expired gets new ones.
export function usePlayback(loadUrls: (index: number) => Promise<Playback>) {
  const preloaded = useRef(new Map<number, Promise<Playback>>());

  function load(index: number) {
    const urls = preloaded.current.get(index);
    preloaded.current.delete(index);
    return urls ?? loadUrls(index);
  }

  function preload(index: number) {
    if (preloaded.current.has(index)) return;
    const urls = loadUrls(index);
    preloaded.current.set(index, urls);
    urls.then((playback) => playback && preloadMedia(playback), () => preloaded.current.delete(index));
  }

  return { load, preload };
}
