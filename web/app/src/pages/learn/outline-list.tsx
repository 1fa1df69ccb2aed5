import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { formatTime } from "../../ui/format";
import { toChapters, type LearnVideo } from "./outline";

interface OutlineListProps {
  readonly videos: readonly LearnVideo[];
  readonly currentId: string;
  readonly isCompleted: (video: LearnVideo) => boolean;
  readonly linkTo: (video: LearnVideo) => string;
}

// OutlineList is the content of the course, with what is completed and where the viewer is.
export function OutlineList({ videos, currentId, isCompleted, linkTo }: OutlineListProps) {
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    const { offsetTop = 0, parentElement } = current.current ?? {};
    const list = parentElement?.closest("nav");
    if (list) list.scrollTop = offsetTop - list.clientHeight / 2; // the list only, not the page
  }, [currentId]);
  return (
    <nav className="outline" aria-label="Course content">
      {toChapters(videos).map((chapter, index) => (
        <section key={`${chapter.id}${index}`} className="outline-section">
          {chapter.title !== null && (
            <h3 className="outline-title">
              {chapter.title}
              <span className="outline-count">{chapter.videos.filter(isCompleted).length} / {chapter.videos.length}</span>
            </h3>
          )}
          <ol>
            {chapter.videos.map((video) => (
              <li key={video.id}>
                <Link href={linkTo(video)} className="outline-link" aria-current={video.id === currentId ? "true" : undefined}
                  ref={video.id === currentId ? current : undefined} replace>
                  <Check done={isCompleted(video)} />
                  <span className="outline-name">{video.title}</span>
                  <span className="outline-time">{formatTime(video.durationSeconds)}</span>
                </Link>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </nav>
  );
}

const Check = ({ done }: { readonly done: boolean }) => (
  <span className={done ? "check check-done" : "check"}>
    {done && <span className="visually-hidden">Completed: </span>}
  </span>
);
