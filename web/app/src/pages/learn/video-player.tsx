import { useEffect, useRef, useState } from "react";
import type { PlaybackFilesFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { attachMedia } from "../../video/attach-media";
import { resumeAt, type LearnVideo } from "./outline";
import { showCaptions, storeCaptions } from "./shortcuts";

interface VideoPlayerProps {
  readonly video: LearnVideo;
  readonly load: () => Promise<PlaybackFilesFragment | null>;
  readonly speed: number;
  readonly autoPlay: boolean;
  readonly onShown: () => void; // the first frame is there
  readonly onPosition: (seconds: number) => void;
  readonly onEnded: () => void;
}

type Source =
  | { readonly status: "loading" | "locked" | "failed" }
  | { readonly status: "ready"; readonly playback: PlaybackFilesFragment };

const reportEvery = 5; // seconds of playing

// VideoPlayer plays one video with the controls of the browser. It goes on where the viewer stopped, and gets new
// URLs when those that it has expire.
export function VideoPlayer({ video, load, speed, autoPlay, onShown, onPosition, onEnded }: VideoPlayerProps) {
  const element = useRef<HTMLVideoElement>(null);
  const reported = useRef(0);
  const goOnAt = useRef<number | undefined>(undefined); // after new URLs
  const [attempt, setAttempt] = useState(0);
  const [source, setSource] = useState<Source>({ status: "loading" });

  useEffect(() => {
    let current = true;
    load().then(
      (playback) => current && setSource(playback ? { status: "ready", playback } : { status: "locked" }),
      () => current && setSource({ status: "failed" }),
    );
    return () => { current = false; };
  }, [attempt]); // and not when the page renders again

  useEffect(() => {
    if (source.status !== "ready" || !element.current) return undefined;
    return attachMedia(element.current, source.playback, handleError);
  }, [source]);

  function start() {
    const player = element.current!;
    const goOn = goOnAt.current;
    player.currentTime = goOn ?? resumeAt(video.viewerProgress, player.duration);
    player.playbackRate = speed;
    reported.current = player.currentTime;
    showCaptions(player);
    player.textTracks.onchange = () => storeCaptions(player);
    if (autoPlay || goOn !== undefined) player.play().catch(() => {}); // a browser may wait for a click
  }

  function report() {
    reported.current = element.current!.currentTime;
    onPosition(reported.current);
  }

  function retry() {
    setSource({ status: "loading" });
    setAttempt(attempt + 1);
  }

  function handleError() {
    const expired = source.status === "ready" && Date.now() >= Date.parse(source.playback.expiresAt);
    goOnAt.current = element.current?.currentTime || undefined;
    if (expired) retry();
    else setSource({ status: "failed" });
  }

  if (source.status === "locked" || source.status === "failed") {
    return (
      <div className="player-message" role="alert">
        <p>{source.status === "locked" ? "This video has no file yet, or it is for enrolled students only." : "The video could not be loaded."}</p>
        <Button onClick={retry}>Try again</Button>
      </div>
    );
  }
  const playback = source.status === "ready" ? source.playback : undefined;
  return (
    <video
      ref={element}
      className="player-video"
      controls
      playsInline
      preload="metadata"
      crossOrigin="anonymous" // captions of another origin need CORS
      poster={playback?.poster ?? undefined}
      aria-label={video.title}
      aria-busy={!playback}
      onLoadedMetadata={start}
      onLoadedData={onShown}
      onTimeUpdate={() => Math.abs(element.current!.currentTime - reported.current) >= reportEvery && report()}
      onPause={report}
      onEnded={() => { onPosition(video.durationSeconds); onEnded(); }}
      onError={handleError}
    >
      {playback?.captions.map(({ language, label, url }) => (
        <track key={language} kind="captions" srcLang={language} label={label} src={url} />
      ))}
    </video>
  );
}
