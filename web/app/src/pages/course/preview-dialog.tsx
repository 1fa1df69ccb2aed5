import { useEffect, useRef, useState } from "react";
import { useQuery } from "../../api/query";
import { PreviewPlaybackDocument } from "../../generated/course";
import type { PreviewPlaybackQuery } from "../../generated/types";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice } from "../../ui/error-notice";
import { attachMedia } from "../../video/attach-media";

type Video = Extract<NonNullable<PreviewPlaybackQuery["node"]>, { __typename: "Video" }>;

function Player({ playback }: { readonly playback: NonNullable<Video["playback"]> }) {
  const ref = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  const { url, mimeType } = playback;
  useEffect(() => attachMedia(ref.current!, { url, mimeType }, () => setFailed(true)), [url, mimeType]);
  if (failed) return <p role="alert">This video cannot be played now. Try again later.</p>;
  return (
    <video ref={ref} className="preview-video" controls autoPlay playsInline crossOrigin="anonymous" poster={playback.poster ?? undefined} width={1280} height={720}>
      {playback.captions.map(({ language, label, url }) => <track key={language} kind="captions" srcLang={language} label={label} src={url} />)}
    </video>
  );
}

function Preview({ videoId }: { readonly videoId: string }) {
  const { data, error, refetch } = useQuery(PreviewPlaybackDocument, { id: videoId });
  const playback = data?.node?.__typename === "Video" ? data.node.playback : undefined;
  if (error && !data) return <ErrorNotice error={error} onRetry={refetch} />;
  if (!data) return <div className="preview-video skeleton" role="status" aria-label="Loading the video" />;
  return playback ? <Player playback={playback} /> : <p>This video cannot be played yet.</p>;
}

interface PreviewDialogProps {
  readonly videoId: string;
  readonly onClose: () => void;
}

// PreviewDialog plays a video that all visitors may watch.
const PreviewDialog = ({ videoId, onClose }: PreviewDialogProps) => (
  <Dialog open title="Preview" wide onClose={onClose}><Preview videoId={videoId} /></Dialog>
);

export default PreviewDialog;
