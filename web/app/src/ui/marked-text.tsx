const entities: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&#34;": "\"", "&#39;": "'", "&quot;": "\"" };

const unescape = (html: string) => html.replace(/&(?:lt|gt|amp|quot|#34|#39);/g, (entity) => entities[entity]!);

// MarkedText shows a highlight of the server: text in which only <mark> is HTML. It makes elements of it, and no
// HTML, as Trusted Types require.
export const MarkedText = ({ html }: { readonly html: string }) => (
  <>{html.split(/<mark>(.*?)<\/mark>/s).map((part, i) => (i % 2 === 1 ? <mark key={i}>{unescape(part)}</mark> : unescape(part)))}</>
);
