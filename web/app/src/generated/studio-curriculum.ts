// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { CurriculumPageQuery, CurriculumPageQueryVariables, AddSectionMutation, AddSectionMutationVariables, UpdateSectionMutation, UpdateSectionMutationVariables, DeleteSectionMutation, DeleteSectionMutationVariables, ReorderSectionsMutation, ReorderSectionsMutationVariables, AddVideoMutation, AddVideoMutationVariables, UpdateVideoMutation, UpdateVideoMutationVariables, DeleteVideoMutation, DeleteVideoMutationVariables, ReorderVideosMutation, ReorderVideosMutationVariables } from "./types";

export const CurriculumPageDocument = createDocument<CurriculumPageQuery, CurriculumPageQueryVariables>("CurriculumPage", "eb9b9124ed2014433f299d66553727ccc317f187412c9572ac2feeeb000717a8");
export const AddSectionDocument = createDocument<AddSectionMutation, AddSectionMutationVariables>("AddSection", "c843d670079870e5c2a7dd8ba3f7e9e1612fa1045245ad634d3dc02324b34261");
export const UpdateSectionDocument = createDocument<UpdateSectionMutation, UpdateSectionMutationVariables>("UpdateSection", "2936bd7874ea6c04420d64c338fc2838ac7f7097a39c735aecce7beeae2a7280");
export const DeleteSectionDocument = createDocument<DeleteSectionMutation, DeleteSectionMutationVariables>("DeleteSection", "58e046550f25b1835baf08385bcc66d6d4cb586e3b05f909abc053057da3840c");
export const ReorderSectionsDocument = createDocument<ReorderSectionsMutation, ReorderSectionsMutationVariables>("ReorderSections", "9f01a86835b8a2928f9cc52205144796ce9f608f88950ac0bafbc83df4aacd23");
export const AddVideoDocument = createDocument<AddVideoMutation, AddVideoMutationVariables>("AddVideo", "3b6f9ad985fb90e7f546b136d4320f77dd4a3d89badf82a9e46c82cc0ae5ac52");
export const UpdateVideoDocument = createDocument<UpdateVideoMutation, UpdateVideoMutationVariables>("UpdateVideo", "b6a0e1bcc8d8f47bfcd1088ed8eec4775e6b2b520a510d6f1a19f32f57acbfb4");
export const DeleteVideoDocument = createDocument<DeleteVideoMutation, DeleteVideoMutationVariables>("DeleteVideo", "8d280ee44fe6fbf7812870916fa58ecac9d35b291d85a87a73eac67fb36669a8");
export const ReorderVideosDocument = createDocument<ReorderVideosMutation, ReorderVideosMutationVariables>("ReorderVideos", "27abcba62190cf7573339832f7680b3081783d95f3904cb59793e99ab4532639");
