// A fetch that keeps what it sent and got, as "METHOD status code", and the parameters of each.
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

// A document that no run has sent before, so that its hash is not known yet.
export const unique = () => `Run${process.pid}_${Math.random().toString(36).slice(2)}`;
