import { useEffect, useState } from "react";
import type { PictureFragment } from "../generated/types";

interface PictureProps {
  readonly image: PictureFragment | null | undefined;
  readonly sizes: string;
  readonly width?: number;
  readonly height?: number;
  readonly eager?: boolean; // within the first view
  readonly priority?: boolean; // the largest picture of the first view; at most one of a page
}

const placeholders = new Map<string, string>();

// usePlaceholder returns the blurred picture of a ThumbHash as a data URL, once the decoder is loaded.
function usePlaceholder(thumbhash: string | null | undefined) {
  const [url, setUrl] = useState(thumbhash ? placeholders.get(thumbhash) : undefined);
  useEffect(() => {
    if (!thumbhash || placeholders.has(thumbhash)) return;
    void import("thumbhash").then(({ thumbHashToDataURL }) => {
      const decoded = placeholders.get(thumbhash) ?? thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (character) => character.charCodeAt(0)));
      placeholders.set(thumbhash, decoded);
      setUrl(decoded);
    }, () => {}); // without a network there is no placeholder
  }, [thumbhash]);
  return url;
}

// Picture shows an image in the best format that the browser reads, over its blurred placeholder. Its size is known
// before it is loaded, so the page does not move.
export function Picture({ image, sizes, width = 320, height = 180, eager = false, priority = false }: PictureProps) {
  const [failed, setFailed] = useState(false);
  const placeholder = usePlaceholder(eager ? null : image?.thumbhash);
  if (!image || failed) return <span className="picture picture-none" aria-hidden="true" />;
  return (
    <picture className="picture" style={placeholder ? { backgroundImage: `url(${placeholder})` } : undefined}>
      {image.sources.map(({ mimeType, srcset }) => <source key={mimeType} type={mimeType} srcSet={srcset} sizes={sizes} />)}
      <img src={image.url} alt="" width={image.width ?? width} height={image.height ?? height} sizes={sizes} decoding="async"
        loading={eager ? "eager" : "lazy"} fetchPriority={priority ? "high" : undefined} onError={() => setFailed(true)} />
    </picture>
  );
}
