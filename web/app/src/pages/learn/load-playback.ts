import { uncachedClient } from "../../api/client";
import { EnrolledPlaybackDocument, PlaybackDocument } from "../../generated/learn";
import type { PlaybackFilesFragment } from "../../generated/types";

// loadPlayback returns the URLs of a video, or null if the viewer may not play it or it has no file.
export async function loadPlayback(id: string): Promise<PlaybackFilesFragment | null> {
  const { data, error } = await uncachedClient.query(PlaybackDocument, { id }).toPromise();
  if (error) throw error;
  return data?.node?.__typename === "Video" ? data.node.playback : null;
}

// loadEnrolledPlayback returns those of the video after a cursor, for courses that are no longer published: their
// videos can only be read through the enrollment.
export async function loadEnrolledPlayback(enrollment: string, after: string | null): Promise<PlaybackFilesFragment | null> {
  const { data, error } = await uncachedClient.query(EnrolledPlaybackDocument, { enrollment, after }).toPromise();
  if (error) throw error;
  return data?.node?.__typename === "Enrollment" ? data.node.course.videos.nodes[0]?.playback ?? null : null;
}
