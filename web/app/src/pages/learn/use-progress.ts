import { useEffect, useState } from "react";
import { createProgressQueue, type ProgressQueue } from "./progress-queue";
import { sendProgress, type Recorded } from "./send-progress";

const interval = 10_000;

export interface ProgressState {
  readonly enrollments: Recorded; // as of the last response
  readonly unsent: boolean; // the last attempt failed: progress waits on this device
  readonly report: (videoId: string, seconds: number) => void;
}

// useProgress sends the positions that the player reports: every 10 s, when the page is hidden or left, and when
// the network is back.
export function useProgress(viewerId: string | undefined): ProgressState {
  const [enrollments, setEnrollments] = useState<Recorded>([]);
  const [unsent, setUnsent] = useState(false);
  const [queue, setQueue] = useState<ProgressQueue>();

  useEffect(() => {
    if (!viewerId) return undefined;
    const opened = createProgressQueue({ viewerId, storage: localStorage, send: (batch) => sendProgress(batch, setEnrollments) });
    const flush = () => void opened.flush().then((sent) => setUnsent(!sent), () => setUnsent(true));
    const flushIfHidden = () => document.visibilityState === "hidden" && flush();
    setQueue(opened);
    flush(); // what an earlier page could not send
    const timer = setInterval(flush, interval);
    addEventListener("online", flush);
    addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", flushIfHidden);
    return () => {
      clearInterval(timer);
      removeEventListener("online", flush);
      removeEventListener("pagehide", flush);
      document.removeEventListener("visibilitychange", flushIfHidden);
      flush();
    };
  }, [viewerId]);

  function report(videoId: string, seconds: number) {
    queue?.add({ videoId, progressSeconds: Math.floor(seconds), watchedAt: new Date().toISOString() });
  }
  return { enrollments, unsent, report };
}
