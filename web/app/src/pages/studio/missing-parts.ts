import type { StudioCourseFragment } from "../../generated/types";

interface Part {
  readonly label: string;
  readonly present: boolean;
  readonly required: boolean;
}

type Course = Pick<StudioCourseFragment, "description" | "learningOutcomes" | "thumbnailUrl" | "videos">;

// missingParts returns what a course should have before it is published, and whether it has it.
export const missingParts = ({ description, learningOutcomes, thumbnailUrl, videos }: Course): readonly Part[] => [
  { label: "At least one video", present: videos.totalCount > 0, required: true },
  { label: "A description of 100 characters", present: description.length >= 100, required: false },
  { label: "What students learn", present: learningOutcomes.length > 0, required: false },
  { label: "A picture", present: thumbnailUrl !== null, required: false },
];
