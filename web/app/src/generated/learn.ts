// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { LearnPageQuery, LearnPageQueryVariables, LearnEnrolledPageQuery, LearnEnrolledPageQueryVariables, PlaybackQuery, PlaybackQueryVariables, EnrolledPlaybackQuery, EnrolledPlaybackQueryVariables, RecordProgressMutation, RecordProgressMutationVariables } from "./types";

export const LearnPageDocument = createDocument<LearnPageQuery, LearnPageQueryVariables>("LearnPage", "0bc2d5d2e81363e83b258b4900036148437df2564b070ccceb99785d8e7f6cfe");
export const LearnEnrolledPageDocument = createDocument<LearnEnrolledPageQuery, LearnEnrolledPageQueryVariables>("LearnEnrolledPage", "3d094df9746b2047348da3e87d0d0b919f8742661b62be067371a6d582a71188");
export const PlaybackDocument = createDocument<PlaybackQuery, PlaybackQueryVariables>("Playback", "7d6cf834532cd17893fe7e922d074bb767abd1c8e142d3d43fe0af9d01bdb901");
export const EnrolledPlaybackDocument = createDocument<EnrolledPlaybackQuery, EnrolledPlaybackQueryVariables>("EnrolledPlayback", "63e1742334d31c3ac1debbf1c12907a042c2287ab860a974826026c236fa09f7");
export const RecordProgressDocument = createDocument<RecordProgressMutation, RecordProgressMutationVariables>("RecordProgress", "47998019ecbe33a84660b01fc060d30f5a57239d831863fca064baf3dbe73740");
