import { useEffect, useState } from "react";
import { createProgressQueue, type ProgressQueue } from "./progress-queue";
import { sendProgress, type Recorded } from "./send-progress";

const interval = 10_000;

// What was reached and recorded since the app was opened. The stored response of a page is older.
let reached: Readonly<Record<string, number>> = {};
let recorded: Recorded = [];

export interface ProgressState {
  readonly positions: Readonly<Record<string, number>>; // the furthest second by video
  readonly enrollments: Recorded; // as of the last response
  readonly unsent: boolean; // the last attempt failed: progress waits on this device
  readonly report: (videoId: string, seconds: number) => void;
}

// useProgress sends the positions that the player reports: every 10 s, when the page is hidden or left, and when
// the network is back. Without a viewer it only remembers them.
export function useProgress(viewerId: string | undefined): ProgressState {
  const [positions, setPositions] = useState(reached);
  const [enrollments, setEnrollments] = useState(recorded);
  const [unsent, setUnsent] = useState(false);
  const [queue, setQueue] = useState<ProgressQueue>();

  useEffect(() => {
    if (!viewerId) return undefined;
    const opened = createProgressQueue({ viewerId, storage: localStorage, send: (batch) => sendProgress(batch, store) });
    function store(newer: Recorded) {
      recorded = [...newer, ...recorded.filter(({ id }) => newer.every((enrollment) => enrollment.id !== id))];
      setEnrollments(recorded);
    }
    const flush = () => void opened.flush().then((sent) => setUnsent(!sent), () => setUnsent(true));
    const flushIfHidden = () => document.visibilityState === "hidden" && flush();
    setQueue(opened);
    reached = { ...opened.positions(), ...reached }; // a page that was loaded again is older than what waits
    setPositions(reached);
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
    reached = { ...reached, [videoId]: Math.max(reached[videoId] ?? 0, seconds) };
    setPositions(reached);
    queue?.add({ videoId, progressSeconds: Math.floor(seconds), watchedAt: new Date().toISOString() });
  }
  return { positions, enrollments, unsent, report };
}
