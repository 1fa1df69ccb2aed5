import { useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { useQuery } from "../../api/query";
import { LearnEnrolledPageDocument, LearnPageDocument } from "../../generated/learn";
import type { LearnCourseFragment, LearnEnrollmentFragment } from "../../generated/types";
import type { PageProps } from "../../pages";
import { Button, ButtonLink } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { PageFrame } from "../../ui/page";
import { ProgressBar } from "../../ui/progress-bar";
import { SkeletonLines } from "../../ui/skeleton";
import { loadEnrolledPlayback, loadPlayback } from "./load-playback";
import { firstVideo, type LearnVideo } from "./outline";
import { OutlineList } from "./outline-list";
import { ShortcutDialog } from "./shortcut-dialog";
import { shortcutOf, type PlayerActions } from "./shortcuts";
import { UpNext } from "./up-next";
import { useAllVideos } from "./use-all-videos";
import { usePlayback } from "./use-playback";
import { useProgress } from "./use-progress";
import { VideoPlayer } from "./video-player";
import "../../styles/parts.css";
import "./learn.css";

// The page of a course in progress. `?enrollment=` opens a course that is no longer published, `?video=` a video.
export default function LearnPage({ params: { slug = "" } }: PageProps) {
  const [search] = useSearchParams();
  const enrollmentId = search.get("enrollment");
  const published = useQuery(LearnPageDocument, { slug }, { pause: enrollmentId !== null });
  const enrolled = useQuery(LearnEnrolledPageDocument, { enrollment: enrollmentId ?? "" }, { pause: enrollmentId === null });
  const { error, fetching, refetch } = enrollmentId ? enrolled : published;

  const node = enrolled.data?.node?.__typename === "Enrollment" ? enrolled.data.node : undefined;
  const course = published.data?.course ?? node?.course;
  const viewer = (published.data ?? enrolled.data)?.viewer;
  if (course) {
    return <Learn course={course} enrollment={node ?? published.data?.course?.viewerEnrollment ?? undefined}
      enrollmentId={enrollmentId} viewerId={viewer?.id} speed={viewer?.preferences?.playbackSpeed ?? 1} />;
  }
  return (
    <PageFrame title="Course">
      {error ? <ErrorNotice error={error} onRetry={refetch} /> : fetching ? <SkeletonLines count={6} /> : (
        <Empty title="This course is not available">
          <p>It may have been unpublished. Courses that you take are on your dashboard.</p>
          <ButtonLink href="/dashboard" kind="primary">Dashboard</ButtonLink>
        </Empty>
      )}
    </PageFrame>
  );
}

interface LearnProps {
  readonly course: LearnCourseFragment;
  readonly enrollment: LearnEnrollmentFragment | undefined;
  readonly enrollmentId: string | null;
  readonly viewerId: string | undefined;
  readonly speed: number;
}

function Learn({ course, enrollment, enrollmentId, viewerId, speed }: LearnProps) {
  const [search, setSearch] = useSearchParams();
  const edges = useAllVideos(course, enrollmentId);
  const videos = edges.map(({ node }) => node);
  const progress = useProgress(enrollment && viewerId);
  const { positions } = progress;
  const [ended, setEnded] = useState(false);
  const [autoPlay, setAutoPlay] = useState(false);
  const [help, setHelp] = useState(false);
  const frame = useRef<HTMLDivElement>(null);

  const current = firstVideo(videos, search.get("video"), enrollment?.nextVideo?.id);
  const index = videos.findIndex(({ id }) => id === current?.id);
  const recorded = progress.enrollments.find(({ id }) => id === enrollment?.id) ?? enrollment;
  const isCompleted = ({ id, durationSeconds, viewerProgress }: LearnVideo) =>
    viewerProgress?.completed || (positions[id] ?? 0) >= durationSeconds * 0.9;

  const playback = usePlayback((i) => (course.published || !enrollmentId
    ? loadPlayback(videos[i]!.id)
    : loadEnrolledPlayback(enrollmentId, edges[i - 1]?.cursor ?? null)));

  function open(video: LearnVideo | undefined) {
    if (!video) return;
    setEnded(false);
    setAutoPlay(true);
    setSearch((before) => ({ ...Object.fromEntries(before), video: video.id }), { replace: true });
  }

  const actions: PlayerActions = { next: () => open(videos[index + 1]), previous: () => open(videos[index - 1]), help: () => setHelp(true) };
  useShortcuts(frame, actions);

  function linkTo({ id }: LearnVideo) {
    return `/learn/${course.slug}?${new URLSearchParams({ ...(enrollmentId && { enrollment: enrollmentId }), video: id })}`;
  }

  return (
    <PageFrame title={current ? `${current.title} · ${course.title}` : course.title} heading={null} className="learn">
      <div className="learn-main">
        <div className="player" ref={frame}>
          {current && (
            <VideoPlayer key={current.id} video={withPosition(current, positions[current.id])} speed={speed} autoPlay={autoPlay}
              load={() => playback.load(index)}
              onShown={() => videos[index + 1] && playback.preload(index + 1)}
              onPosition={(seconds) => progress.report(current.id, seconds)}
              onEnded={() => setEnded(true)} />
          )}
          {ended && videos[index + 1] && <UpNext title={videos[index + 1]!.title} onPlay={actions.next} onCancel={() => setEnded(false)} />}
        </div>
        <div className="learn-title">
          <h1>{current?.title ?? course.title}</h1>
          <p><Link href={`/courses/${course.slug}`}>{course.title}</Link> · {course.instructor.name}</p>
        </div>
        <div className="learn-actions">
          <Button onClick={actions.previous} disabled={index <= 0}>Previous</Button>
          <Button onClick={actions.next} disabled={index < 0 || index >= videos.length - 1}>Next</Button>
          <Button kind="quiet" onClick={actions.help}>Shortcuts</Button>
        </div>
        <Notes course={course} enrolled={enrollment !== undefined} unsent={progress.unsent} />
      </div>
      <aside className="learn-side">
        {recorded && (
          <div className="learn-progress">
            <p><b>{Math.round(recorded.progress)}%</b> completed</p>
            <ProgressBar label="Progress in the course" value={recorded.progress} />
            {recorded.certificate && (
              <p className="notice notice-success" role="status">
                You completed this course. <Link href={`/certificates/${recorded.certificate.code}`}>Open your certificate</Link>
              </p>
            )}
          </div>
        )}
        {videos.length > 0
          ? <OutlineList videos={videos} currentId={current?.id ?? ""} isCompleted={isCompleted} linkTo={linkTo} />
          : <Empty title="No videos yet" />}
      </aside>
      <ShortcutDialog open={help} onClose={() => setHelp(false)} />
    </PageFrame>
  );
}

// Notes says why progress is not recorded, or not yet.
function Notes({ course, enrolled, unsent }: { readonly course: LearnCourseFragment; readonly enrolled: boolean; readonly unsent: boolean }) {
  if (!enrolled) {
    return <p className="notice">You are not enrolled, so your progress is not recorded. <Link href={`/courses/${course.slug}`}>About this course</Link></p>;
  }
  return (
    <>
      {unsent && <p className="notice" role="status">Your progress is stored on this device and will be sent when the server can be reached.</p>}
      {!course.published && <p className="notice">This course is no longer published. You can still finish it.</p>}
    </>
  );
}

// withPosition lets a video that was opened before on this page go on where it was.
function withPosition(video: LearnVideo, seconds: number | undefined): LearnVideo {
  if (seconds === undefined) return video;
  return { ...video, viewerProgress: { __typename: "VideoProgress", progressSeconds: seconds, completed: seconds >= video.durationSeconds * 0.9 } };
}

function useShortcuts(frame: React.RefObject<HTMLDivElement | null>, actions: PlayerActions) {
  const latest = useRef(actions);
  useEffect(() => { latest.current = actions; });
  useEffect(() => {
    function handle(event: KeyboardEvent) {
      const video = frame.current?.querySelector("video");
      const shortcut = shortcutOf(event);
      if (!video || !shortcut) return;
      event.preventDefault();
      event.stopPropagation(); // the controls of the browser have keys of their own
      shortcut.run(video, latest.current);
    }
    addEventListener("keydown", handle, { capture: true });
    return () => removeEventListener("keydown", handle, { capture: true });
  }, [frame]);
}
