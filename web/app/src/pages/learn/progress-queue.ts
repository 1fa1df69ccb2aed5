// Progress that waits to be sent. It is stored, so that a lost network or a closed tab loses nothing; it has
// positions and times only.
export interface ProgressEvent {
  readonly videoId: string;
  readonly progressSeconds: number;
  readonly watchedAt: string;
}

// A batch is sent with the same key and the same events until a response arrives, so it counts once.
export interface Batch {
  readonly key: string;
  readonly events: readonly ProgressEvent[];
}

// Outcome of a batch: the server has it, it may be sent again, or to send it again does not help.
export type Outcome = "recorded" | "retry" | "rejected";

interface Queue {
  readonly batch: Batch | null;
  readonly events: readonly ProgressEvent[];
}

interface Options {
  readonly viewerId: string; // on a shared device, each viewer has a queue of its own
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly send: (batch: Batch) => Promise<Outcome>;
  readonly newKey?: () => string;
}

const maxBatch = 100; // about 12 kB: a request that outlives its page may have 64 KiB
const maxWaiting = 5_000; // about 14 hours of playing without a network; older events are dropped

export function createProgressQueue({ viewerId, storage, send, newKey = () => crypto.randomUUID() }: Options) {
  const storageKey = `education-platform-progress:${viewerId}`;
  let sending: Promise<boolean> | undefined;

  function read(): Queue {
    try {
      return JSON.parse(storage.getItem(storageKey) ?? "") as Queue;
    } catch {
      return { batch: null, events: [] };
    }
  }

  function write(queue: Queue) {
    if (!queue.batch && queue.events.length === 0) storage.removeItem(storageKey);
    else storage.setItem(storageKey, JSON.stringify(queue));
  }

  // nextBatch returns the batch without a response, or makes one of the waiting events.
  function nextBatch(): Batch | null {
    const { batch, events } = read();
    if (batch || events.length === 0) return batch;
    const next = { key: newKey(), events: events.slice(0, maxBatch) };
    write({ batch: next, events: events.slice(maxBatch) });
    return next;
  }

  async function sendAll(): Promise<boolean> {
    for (let batch = nextBatch(); batch; batch = nextBatch()) {
      if ((await send(batch)) === "retry") return false;
      const queue = read();
      if (queue.batch?.key === batch.key) write({ ...queue, batch: null }); // unless another tab did so
    }
    return true;
  }

  return {
    add(event: ProgressEvent) {
      const { batch, events } = read();
      write({ batch, events: [...events, event].slice(-maxWaiting) });
    },

    waiting(): number {
      const { batch, events } = read();
      return (batch?.events.length ?? 0) + events.length;
    },

    // positions returns the furthest second of each video whose progress waits.
    positions(): Readonly<Record<string, number>> {
      const { batch, events } = read();
      const furthest: Record<string, number> = {};
      for (const { videoId, progressSeconds } of [...(batch?.events ?? []), ...events]) {
        furthest[videoId] = Math.max(furthest[videoId] ?? 0, progressSeconds);
      }
      return furthest;
    },

    // flush sends all that waits, and reports whether nothing waits any more. The first request starts at once,
    // so that a page can call it while it is left.
    flush(): Promise<boolean> {
      sending ??= sendAll().finally(() => { sending = undefined; });
      return sending;
    },
  };
}

export type ProgressQueue = ReturnType<typeof createProgressQueue>;
