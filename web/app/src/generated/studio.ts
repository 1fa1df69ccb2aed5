// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { StudioPageQuery, StudioPageQueryVariables, StudioFiguresQuery, StudioFiguresQueryVariables, StudioCoursePageQuery, StudioCoursePageQueryVariables, StudioNewCourseQuery, StudioNewCourseQueryVariables, CreateCourseMutation, CreateCourseMutationVariables, UpdateCourseMutation, UpdateCourseMutationVariables, PublishCourseMutation, PublishCourseMutationVariables, UnpublishCourseMutation, UnpublishCourseMutationVariables, DeleteCourseMutation, DeleteCourseMutationVariables } from "./types";

export const StudioPageDocument = createDocument<StudioPageQuery, StudioPageQueryVariables>("StudioPage", "1519203cd143e5029a17f479eb3891f4c58c6b51ec4fcd67e70e0f681eb53ae5");
export const StudioFiguresDocument = createDocument<StudioFiguresQuery, StudioFiguresQueryVariables>("StudioFigures", "b559b3eb8a55caaa80563b81b672ecbe0cfca177592fefb68231d697c5da2e92");
export const StudioCoursePageDocument = createDocument<StudioCoursePageQuery, StudioCoursePageQueryVariables>("StudioCoursePage", "19b7a80207459101803b2c8fe8ace4dbd625d4de6f0edc5a65e2e5d1870769de");
export const StudioNewCourseDocument = createDocument<StudioNewCourseQuery, StudioNewCourseQueryVariables>("StudioNewCourse", "51acc48429127be1c3659640f67e0c42317b38871753db39a035855c74341568");
export const CreateCourseDocument = createDocument<CreateCourseMutation, CreateCourseMutationVariables>("CreateCourse", "1a02219974ecac0fe5938249a618e76c3fe57a12158fa44907c1b28687ea8442");
export const UpdateCourseDocument = createDocument<UpdateCourseMutation, UpdateCourseMutationVariables>("UpdateCourse", "7b69c261c7a42b4ab6a95f73ea9904978e5b937c4276e98ff039c008c6d4584a");
export const PublishCourseDocument = createDocument<PublishCourseMutation, PublishCourseMutationVariables>("PublishCourse", "268c7d0214470364e508397f20cbb4c9bff4835affac5079db3676b91c11bd66");
export const UnpublishCourseDocument = createDocument<UnpublishCourseMutation, UnpublishCourseMutationVariables>("UnpublishCourse", "c075e87cda693faa8863ebd2fe9894740d0f57d66f3ca6686be88776911f191d");
export const DeleteCourseDocument = createDocument<DeleteCourseMutation, DeleteCourseMutationVariables>("DeleteCourse", "52a9aaf744b8183508213a86cc0f4bf7e4e8df0ccf9c36ef8c395c5b697e8014");
