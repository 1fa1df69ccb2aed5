// Says in words what the headers of a response report about caching: docs/caching.md has their meaning.
const reasons = {
  "anonymous-private": "its fields belong to a viewer, and the request is anonymous",
  "cost-requested": "its cost was requested",
  "explain-requested": "its plan was requested",
  "errors": "it has errors or extensions",
  "invalidation-unavailable": "the server cannot know what has changed meanwhile",
  "max-age-0": "the schema does not allow caching for one of its fields",
  "mutation": "mutations are never cached",
  "no-key": "the document could not be read",
  "off": "the cache is switched off",
  "rejected": "it was rejected before it ran",
  "too-large": "it is larger than 4 MiB",
  "untracked-dependency": "a read did not name what it depends on",
};

// describeCache returns { label, text }: a word for a badge, and a sentence.
export function describeCache(headers) {
  const status = headers.get("Cache-Status");
  if (headers.get("Content-Type")?.startsWith("text/event-stream")) return { label: "live", text: "Sent again whenever it changes, until you stop it." };
  if (!status) return { label: "no cache", text: "The request was rejected before the cache was searched." };
  const { hit, ttl, fwd, stored, detail } = parseStatus(status);
  const reason = reasons[detail] ?? detail;
  if (hit && ttl < 0) return { label: "stale hit", text: `From the cache. It is stale and is being recomputed.${sharing(headers)}` };
  if (hit) return { label: "hit", text: `From the cache, valid for ${ttl} s more.${sharing(headers)}` };
  if (stored) return { label: "miss", text: `Computed now, and stored for the next request.${sharing(headers)}` };
  if (fwd === "miss") return { label: "miss", text: `Computed now, and not stored: ${reason}.` };
  return { label: "bypass", text: `The cache was not searched: ${reason}.` };
}

// parseStatus returns the parameters of the first entry (RFC 9211): hit, stored, ttl, fwd, detail.
function parseStatus(status) {
  const parameters = {};
  for (const part of status.split(",")[0].split(";").slice(1)) {
    const [name, value = "true"] = part.trim().split("=");
    parameters[name] = value;
  }
  return { ...parameters, ttl: Number(parameters.ttl) };
}

function sharing(headers) {
  const control = headers.get("Cache-Control") ?? "";
  if (control.includes("private")) return " Private: browsers ask again each time, and CDNs must not store it.";
  const age = /s-maxage=(\d+)/.exec(control)?.[1];
  return age ? ` Public: CDNs may store it for ${age} s.` : "";
}
