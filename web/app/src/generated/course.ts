// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { CoursePageQuery, CoursePageQueryVariables, CourseReviewsQuery, CourseReviewsQueryVariables, CourseVideosQuery, CourseVideosQueryVariables, CourseViewerQuery, CourseViewerQueryVariables, PreviewPlaybackQuery, PreviewPlaybackQueryVariables, ReviewCourseMutation, ReviewCourseMutationVariables, DeleteReviewMutation, DeleteReviewMutationVariables } from "./types";

export const CoursePageDocument = createDocument<CoursePageQuery, CoursePageQueryVariables>("CoursePage", "776fe4e15e5e9137a523e545a16d82cf31f124335bf9ea792b8e2ec00278ee6e");
export const CourseReviewsDocument = createDocument<CourseReviewsQuery, CourseReviewsQueryVariables>("CourseReviews", "5708e4a7d24d4e536b49df731a00f6214e770cc31320fde203124cbc203cb948");
export const CourseVideosDocument = createDocument<CourseVideosQuery, CourseVideosQueryVariables>("CourseVideos", "4c6dfd807acc43715e0e31606bb514e0f811ebdae9cd59a1336d33d3ac8c94a2");
export const CourseViewerDocument = createDocument<CourseViewerQuery, CourseViewerQueryVariables>("CourseViewer", "183759858448d57202015f5459eb934c9ad9aed453c1991a1750b3e35a0dcafe");
export const PreviewPlaybackDocument = createDocument<PreviewPlaybackQuery, PreviewPlaybackQueryVariables>("PreviewPlayback", "a3f8f278edb7cff9bf3db262333390bde13926ce48c26f0ba57394deca4cf583");
export const ReviewCourseDocument = createDocument<ReviewCourseMutation, ReviewCourseMutationVariables>("ReviewCourse", "de7893f8a14f801cdf42a13715b0305287c3e5ceaed944bb2bee3cd9350bf9cb");
export const DeleteReviewDocument = createDocument<DeleteReviewMutation, DeleteReviewMutationVariables>("DeleteReview", "096fac9326154263caf7b4ac407c2167c7c9e78dfc2207804a8228eb9ca6ed2f");
