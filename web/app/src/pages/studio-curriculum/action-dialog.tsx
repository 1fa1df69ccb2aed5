import type { CurriculumVideoFragment } from "../../generated/types";
import { DeleteDialog } from "./delete-dialog";
import type { Row } from "./order";
import { SectionDialog } from "./section-dialog";
import { VideoDialog } from "./video-dialog";

// Action is what the user does with the curriculum in a dialog.
export type Action = { readonly do: "edit" | "delete"; readonly row: Row } | { readonly do: "add"; readonly kind: Row["kind"] };

interface ActionDialogProps {
  readonly action: Action;
  readonly courseId: string;
  readonly sections: readonly { readonly id: string; readonly title: string }[];
  readonly videos: readonly CurriculumVideoFragment[];
  readonly onClose: () => void;
}

// ActionDialog is the dialog of an action. It is loaded with the first one.
export default function ActionDialog({ action, courseId, sections, videos, onClose }: ActionDialogProps) {
  const row = action.do === "add" ? undefined : action.row;
  const kind = action.do === "add" ? action.kind : action.row.kind;
  const video = videos.find(({ id }) => id === row?.id);
  const section = sections.find(({ id }) => id === row?.id);
  if (row && action.do === "delete") return <DeleteDialog row={row} title={(video ?? section)?.title ?? ""} onClose={onClose} />;
  if (kind === "section") return <SectionDialog courseId={courseId} section={section} onClose={onClose} />;
  const sectionId = video ? video.section?.id ?? null : sections.at(-1)?.id ?? null;
  return <VideoDialog courseId={courseId} video={video} sections={sections} sectionId={sectionId} onClose={onClose} />;
}
