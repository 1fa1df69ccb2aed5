// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { StudioReviewsPageQuery, StudioReviewsPageQueryVariables, ReplyToReviewMutation, ReplyToReviewMutationVariables, DeleteReviewReplyMutation, DeleteReviewReplyMutationVariables } from "./types";

export const StudioReviewsPageDocument = createDocument<StudioReviewsPageQuery, StudioReviewsPageQueryVariables>("StudioReviewsPage", "f30d8322c41aa6e8e3c6a86f1f54c0f5ab9fc8f4c5c297f4fe6a40829c31781e");
export const ReplyToReviewDocument = createDocument<ReplyToReviewMutation, ReplyToReviewMutationVariables>("ReplyToReview", "12753633e400b97e5ba9843e8883de351f779cfeb88f2220aa2bb49077a08173");
export const DeleteReviewReplyDocument = createDocument<DeleteReviewReplyMutation, DeleteReviewReplyMutationVariables>("DeleteReviewReply", "6a52ed1a390c92280ba64af751861dce3f0e50ad88602c89e287ef0d31334602");
