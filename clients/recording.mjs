// recording returns a fetch that records each request: its line "METHOD status code" and its parameters.
export function recording(headers = {}) {
  const seen = [];
  async function record(input, init = {}) {
    const response = await fetch(input, { ...init, headers: { ...init.headers, ...headers } });
    const { errors } = await response.clone().json();
    const sent = init.method === "GET"
      ? Object.fromEntries(new URL(input).searchParams)
      : JSON.parse(init.body);
    seen.push({ line: [init.method, response.status, errors?.[0].extensions.code].filter(Boolean).join(" "), sent });
    return response;
  }
  return { fetch: record, seen, lines: () => seen.splice(0).map((s) => s.line) };
}

// unique returns an operation name that no run has sent before, so that the hash of its document is not registered.
export const unique = () => `Run${process.pid}_${Math.random().toString(36).slice(2)}`;
