import { useEffect, useRef } from "react";
import { useQuery } from "../../api/query";
import { PreviewPlaybackDocument } from "../../generated/course";
import type { PreviewPlaybackQuery } from "../../generated/types";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice } from "../../ui/error-notice";
import { attachSource } from "../../video/attach-source";

type Video = Extract<NonNullable<PreviewPlaybackQuery["node"]>, { __typename: "Video" }>;

function Player({ playback }: { readonly playback: NonNullable<Video["playback"]> }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const attached = attachSource(ref.current!, playback.url, playback.mimeType);
    return () => void attached.then((detach) => detach());
  }, [playback.url, playback.mimeType]);
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
