// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { ViewerCoursesQuery, ViewerCoursesQueryVariables, EnrollMutation, EnrollMutationVariables } from "./types";

export const ViewerCoursesDocument = createDocument<ViewerCoursesQuery, ViewerCoursesQueryVariables>("ViewerCourses", "91f6a4e34ac28b86f039175fdb4f79b7a35a019248209ae0a2039f3dbf9f8e05");
export const EnrollDocument = createDocument<EnrollMutation, EnrollMutationVariables>("Enroll", "cb0c3310336b18180ecfa43999a3c69efb2bcff26510c69406eb2a59b89a2062");
