import type { ComponentProps } from "react";
import type { CurriculumVideoFragment } from "../../generated/types";
import { classNames } from "../../ui/class-names";
import { formatTime } from "../../ui/format";
import type { Row } from "./order";

interface CurriculumRowProps {
  readonly row: Row;
  readonly title: string;
  readonly video: CurriculumVideoFragment | undefined; // of a row of a video
  readonly lifted: boolean;
  readonly handleProps: ComponentProps<"button">;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

// CurriculumRow is a section or a video, with a handle to move it.
export const CurriculumRow = ({ row, title, video, lifted, handleProps, onEdit, onDelete }: CurriculumRowProps) => (
  <li data-row={row.id} className={classNames("curriculum-row", `curriculum-${row.kind}`, lifted && "is-lifted")}>
    <button type="button" className="handle" aria-label={`Move ${title}`} aria-describedby="reorder-help" {...handleProps}>
      <svg width="10" height="16" viewBox="0 0 10 16" aria-hidden="true">
        {[2, 8, 14].flatMap((y) => [2, 8].map((x) => <circle key={`${x}${y}`} cx={x} cy={y} r="1.5" fill="currentColor" />))}
      </svg>
    </button>
    <span className="curriculum-title">{title}</span>
    {video && (
      <span className="curriculum-facts">
        {video.isPreview && <span className="badge">Preview</span>}
        {!video.playback && <span className="badge badge-archived">No file</span>}
        <span className="muted">{formatTime(video.durationSeconds)}</span>
      </span>
    )}
    <span className="curriculum-actions">
      <button type="button" className="link-button" onClick={onEdit} aria-label={`Edit ${title}`}>Edit</button>
      <button type="button" className="link-button" onClick={onDelete} aria-label={`Delete ${title}`}>Delete</button>
    </span>
  </li>
);
