import type { LearnCourseFragment } from "../../generated/types";

export type LearnEdge = LearnCourseFragment["videos"]["edges"][number];
export type LearnVideo = LearnEdge["node"];

interface Chapter {
  readonly id: string;
  readonly title: string | null; // null above the first section
  readonly videos: readonly LearnVideo[];
}

// toChapters groups the videos of a course by their sections, in their order.
export function toChapters(videos: readonly LearnVideo[]): readonly Chapter[] {
  const chapters: { id: string; title: string | null; videos: LearnVideo[] }[] = [];
  for (const video of videos) {
    const id = video.section?.id ?? "";
    if (chapters.at(-1)?.id !== id) chapters.push({ id, title: video.section?.title ?? null, videos: [] });
    chapters.at(-1)!.videos.push(video);
  }
  return chapters;
}

// firstVideo returns the video to open: the chosen one, the one to continue with, or the first.
export function firstVideo(videos: readonly LearnVideo[], chosen: string | null, next: string | undefined) {
  return videos.find(({ id }) => id === chosen) ?? videos.find(({ id }) => id === next) ?? videos[0];
}

// resumeAt returns the second to go on at. A video that was completed, or whose file ends before, starts again.
export function resumeAt(progress: LearnVideo["viewerProgress"], fileSeconds: number): number {
  if (!progress || progress.completed || progress.progressSeconds > fileSeconds - 2) return 0;
  return progress.progressSeconds;
}
