import { useState } from "react";
import { Link } from "wouter";
import { client, publicData } from "../../api/client";
import { CourseVideosDocument } from "../../generated/course";
import type { CourseVideoFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { formatCount, formatDuration, formatTime } from "../../ui/format";
import { groupVideos } from "./group-videos";
import type { Course } from "./page";

interface CurriculumProps {
  readonly course: Course;
  readonly canWatch: boolean;
  readonly onPreview: (videoId: string) => void;
}

interface VideoRowProps extends Pick<CurriculumProps, "canWatch" | "onPreview"> {
  readonly video: CourseVideoFragment;
  readonly slug: string;
}

const VideoRow = ({ video, slug, canWatch, onPreview }: VideoRowProps) => (
  <li className="video-row">
    <span className="video-title">{canWatch ? <Link href={`/learn/${slug}?video=${encodeURIComponent(video.id)}`}>{video.title}</Link> : video.title}</span>
    {video.isPreview && !canWatch && <button type="button" className="choice" aria-label={`Preview ${video.title}`} onClick={() => onPreview(video.id)}>Preview</button>}
    <span className="muted">{formatTime(video.durationSeconds)}</span>
  </li>
);

// useAllVideos returns the videos of a course, of which the page has the first hundred, and what loads the others.
function useAllVideos({ id, videos }: Course) {
  const [more, setMore] = useState<readonly CourseVideoFragment[]>([]);
  const [loading, setLoading] = useState(false);

  async function loadAll() {
    setLoading(true);
    const found: CourseVideoFragment[] = [];
    let after: string | null | undefined;
    do {
      const { data } = await client.query(CourseVideosDocument, { id, first: 100, after }, publicData).toPromise();
      const page = data?.course?.videos;
      found.push(...(page?.nodes ?? []));
      after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
    } while (after);
    setMore(found);
    setLoading(false);
  }

  return { videos: more.length > 0 ? more : videos.nodes, loadAll, loading };
}

// Curriculum lists the videos of a course by its sections.
export function Curriculum({ course, canWatch, onPreview }: CurriculumProps) {
  const { videos, loadAll, loading } = useAllVideos(course);
  const missing = course.videos.totalCount - videos.length;
  const groups = groupVideos(videos, course.sections);
  if (course.videos.totalCount === 0) return null;
  return (
    <section className="course-section">
      <h2>Curriculum</h2>
      <p className="muted">{formatCount(course.videos.totalCount, "video")} · {formatDuration(course.durationSeconds)}</p>
      <div className="curriculum">
        {groups.map(({ section, videos: group }, i) => {
          const rows = <ol>{group.map((video) => <VideoRow key={video.id} video={video} slug={course.slug} canWatch={canWatch} onPreview={onPreview} />)}</ol>;
          return section ? (
            <details key={section.id} open={i === 0}>
              <summary><span className="video-title">{section.title}</span><span className="muted">{formatCount(section.videosCount, "video")} · {formatDuration(section.durationSeconds)}</span></summary>
              {rows}
            </details>
          ) : <div key="none">{rows}</div>;
        })}
      </div>
      {missing > 0 && <Button busy={loading} onClick={loadAll}>Show all {formatCount(course.videos.totalCount, "video")}</Button>}
    </section>
  );
}
