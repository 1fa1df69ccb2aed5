import { useEffect, useState } from "react";
import { endpoint, sessionHeaders } from "./client";
import type { AppDocument } from "./document";

export interface LiveState<Data> {
  readonly data: Data | undefined;
  readonly connected: boolean;
  readonly ended: string | undefined; // the code of the error that ended the stream
}

interface LiveResult<Data> {
  data?: Data;
  errors?: { extensions?: { code?: string } }[];
}

const silence = 30_000; // the server sends something every 12 s

// readEvents calls back with the id and the data of each event, until the stream ends or is silent for too long.
async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (event: string, id: string, data: string) => void) {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let buffer = "";
  for (;;) {
    const watchdog = setTimeout(() => void reader.cancel(), silence);
    const { done, value } = await reader.read().finally(() => clearTimeout(watchdog)); // also if the stream is aborted
    if (done) return;
    const events = (buffer + value).split("\n\n");
    buffer = events.pop() ?? "";
    for (const text of events) {
      const fields = Object.fromEntries(text.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line)?.slice(1) ?? []));
      if (fields["event"]) onEvent(fields["event"], fields["id"] ?? "", fields["data"] ?? "");
    }
  }
}

// follow sends an operation as Server-Sent Events, and again after a lost connection. It returns what ends it.
export function follow<Data, Variables>(
  document: AppDocument<Data, Variables>, variables: Variables, onState: (state: Partial<LiveState<Data>>) => void,
) {
  const abort = new AbortController();
  let lastEventId = "";
  let completed = false;

  function handle(event: string, id: string, data: string) {
    if (event === "complete") completed = true;
    if (event !== "next") return;
    const { data: value, errors } = JSON.parse(data) as LiveResult<Data>;
    if (id) lastEventId = id;
    const code = errors?.[0]?.extensions?.code;
    if (value) onState({ data: value, connected: true, ended: undefined });
    else onState({ ended: code ?? "UNKNOWN" });
  }

  async function connect() {
    const response = await fetch(endpoint, {
      method: "POST",
      credentials: "same-origin",
      signal: abort.signal,
      headers: {
        ...sessionHeaders, "Content-Type": "application/json", Accept: "text/event-stream",
        ...(lastEventId && { "Last-Event-ID": lastEventId }),
      },
      body: JSON.stringify({ documentId: document.documentId, variables }),
    });
    if (!response.body) throw new Error("the response has no body");
    await readEvents(response.body, handle);
  }

  async function run() {
    for (let attempt = 0; !abort.signal.aborted && !completed; attempt++) {
      const start = Date.now();
      await connect().catch(() => {});
      if (abort.signal.aborted || completed) break;
      onState({ connected: false });
      if (Date.now() - start > silence) attempt = 0;
      await new Promise((resolve) => setTimeout(resolve, Math.min(30_000, 1_000 * 2 ** attempt) * (0.5 + Math.random())));
    }
  }
  void run();
  return () => abort.abort();
}

// useLive returns the newest response to a subscription, or to a query with @live.
export function useLive<Data, Variables>(document: AppDocument<Data, Variables>, variables: Variables, pause = false): LiveState<Data> {
  const [state, setState] = useState<LiveState<Data>>({ data: undefined, connected: false, ended: undefined });
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (pause) return undefined;
    return follow(document, JSON.parse(key) as Variables, (change) => setState((before) => ({ ...before, ...change })));
  }, [document, key, pause]);
  return state;
}
