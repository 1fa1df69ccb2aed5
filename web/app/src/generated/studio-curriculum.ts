// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { CurriculumPageQuery, CurriculumPageQueryVariables, AddSectionMutation, AddSectionMutationVariables, UpdateSectionMutation, UpdateSectionMutationVariables, DeleteSectionMutation, DeleteSectionMutationVariables, ReorderSectionsMutation, ReorderSectionsMutationVariables, AddVideoMutation, AddVideoMutationVariables, UpdateVideoMutation, UpdateVideoMutationVariables, DeleteVideoMutation, DeleteVideoMutationVariables, ReorderVideosMutation, ReorderVideosMutationVariables } from "./types";

export const CurriculumPageDocument = createDocument<CurriculumPageQuery, CurriculumPageQueryVariables>("CurriculumPage", "eb9b9124ed2014433f299d66553727ccc317f187412c9572ac2feeeb000717a8");
export const AddSectionDocument = createDocument<AddSectionMutation, AddSectionMutationVariables>("AddSection", "b46ea641d8289987e921aefbd70d133cc195c2a3296768643adc4e307a4c6396");
export const UpdateSectionDocument = createDocument<UpdateSectionMutation, UpdateSectionMutationVariables>("UpdateSection", "80001fb45d4e87d0f39834ef345309945d1ad3f29d8648172e047656e38e1f5b");
export const DeleteSectionDocument = createDocument<DeleteSectionMutation, DeleteSectionMutationVariables>("DeleteSection", "58e046550f25b1835baf08385bcc66d6d4cb586e3b05f909abc053057da3840c");
export const ReorderSectionsDocument = createDocument<ReorderSectionsMutation, ReorderSectionsMutationVariables>("ReorderSections", "9f01a86835b8a2928f9cc52205144796ce9f608f88950ac0bafbc83df4aacd23");
export const AddVideoDocument = createDocument<AddVideoMutation, AddVideoMutationVariables>("AddVideo", "57c3f18f7771e9d47dbcd23b4d745f5dda3bd8cd47eb68332300b033844f7c69");
export const UpdateVideoDocument = createDocument<UpdateVideoMutation, UpdateVideoMutationVariables>("UpdateVideo", "90a5ed1b18306c7d29f4cb764b06479db456efe91807d6e1ea936eb1c12a1e4a");
export const DeleteVideoDocument = createDocument<DeleteVideoMutation, DeleteVideoMutationVariables>("DeleteVideo", "8d280ee44fe6fbf7812870916fa58ecac9d35b291d85a87a73eac67fb36669a8");
export const ReorderVideosDocument = createDocument<ReorderVideosMutation, ReorderVideosMutationVariables>("ReorderVideos", "27abcba62190cf7573339832f7680b3081783d95f3904cb59793e99ab4532639");
