import { lazy, Suspense, useEffect, useState } from "react";
import { mutate } from "../../api/mutation";
import { usePages } from "../../api/use-pages";
import { CurriculumPageDocument, ReorderSectionsDocument, ReorderVideosDocument } from "../../generated/studio-curriculum";
import type { PageProps } from "../../pages";
import { Button } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { formatCount, formatDuration } from "../../ui/format";
import { showToast } from "../../ui/toast";
import { CourseFrame } from "../studio/course-frame";
import { CourseState } from "../studio/course-state";
import type { Action } from "./action-dialog";
import { CurriculumRow } from "./curriculum-row";
import { toOrder, toRows, type Row } from "./order";
import { useReorder } from "./use-reorder";

const ActionDialog = lazy(() => import("./action-dialog"));

// The curriculum of a course: its sections and videos, and their order.
export default function CurriculumPage({ params: { id = "" } }: PageProps) {
  const pages = usePages(CurriculumPageDocument, { id }, (data) => data.course?.curriculum);
  const [action, setAction] = useState<Action>();
  const [dropped, setDropped] = useState<{ readonly of: unknown; readonly rows: readonly Row[] }>();
  useEffect(() => {
    if (pages.hasMore && !pages.loadingMore && !pages.error) void pages.loadMore(); // the order needs all videos
  });

  const course = pages.data?.course;
  const sections = course?.sections ?? [];
  const videos = pages.edges.map(({ node }) => node);
  const rows = dropped && dropped.of === pages.data ? dropped.rows : toRows(sections, videos);
  const titleOf = (rowId: string) => (sections.find((section) => section.id === rowId) ?? videos.find((video) => video.id === rowId))?.title ?? "";
  const reorder = useReorder({ rows, describe, onDrop: (moved, rowId) => void save(moved, rowId) });
  if (!course?.viewerCanUpdate) return <CourseState state={pages} />;

  function describe(list: readonly Row[], rowId: string) {
    const { videoIds, sectionIds, sections: order } = toOrder(list);
    const place = videoIds.indexOf(rowId);
    if (place < 0) return `Section ${order.indexOf(rowId) + 1} of ${order.length}.`;
    const section = sectionIds[place];
    return `Video ${place + 1} of ${videoIds.length}, ${section ? `in ${titleOf(section)}` : "in no section"}.`;
  }

  // save sends the new order, which stays on the page until the response.
  async function save(moved: readonly Row[], rowId: string) {
    setDropped({ of: pages.data, rows: moved });
    const { videoIds, sectionIds, sections: order } = toOrder(moved);
    const { problems, error } = order.includes(rowId)
      ? await mutate(ReorderSectionsDocument, { input: { courseId: id, sectionIds: order } })
      : await mutate(ReorderVideosDocument, { input: { courseId: id, videoIds, sectionIds } });
    if (!error && problems.length === 0) return;
    setDropped(undefined);
    showToast(problems[0]?.message ?? "The order could not be saved.", "error");
    pages.refetch();
  }

  const close = () => setAction(undefined);
  const total = videos.reduce((seconds, { durationSeconds }) => seconds + durationSeconds, 0);
  return (
    <CourseFrame course={course} tab="curriculum">
      <header className="curriculum-header">
        <p className="muted">{formatCount(videos.length, "video")} · {formatDuration(total)}</p>
        <div className="page-actions">
          <Button onClick={() => setAction({ do: "add", kind: "section" })}>Add section</Button>
          <Button kind="primary" onClick={() => setAction({ do: "add", kind: "video" })}>Add video</Button>
        </div>
      </header>
      {pages.error && <ErrorNotice error={pages.error} onRetry={pages.refetch} />}
      {rows.length === 0 && <Empty title="No videos yet"><p>Add sections to group the videos, or start with a video.</p></Empty>}
      <p id="reorder-help" className="muted">{rows.length > 1 && "Drag the handles to change the order, or press space on a handle and use the arrow keys."}</p>
      <ol className="curriculum">
        {reorder.rows.map((row) => (
          <CurriculumRow key={row.id} row={row} title={titleOf(row.id)} video={videos.find((video) => video.id === row.id)}
            lifted={reorder.liftedId === row.id} handleProps={{ ...reorder.handleProps(row.id), disabled: pages.hasMore }}
            onEdit={() => setAction({ do: "edit", row })} onDelete={() => setAction({ do: "delete", row })} />
        ))}
      </ol>
      <p className="visually-hidden" aria-live="assertive">{reorder.message}</p>
      <Suspense>{action && <ActionDialog action={action} courseId={id} sections={sections} videos={videos} onClose={close} />}</Suspense>
    </CourseFrame>
  );
}
