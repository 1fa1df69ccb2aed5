// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { AdminPageQuery, AdminPageQueryVariables, AdminCoursesQuery, AdminCoursesQueryVariables, AdminPeopleQuery, AdminPeopleQueryVariables, AdminUserPageQuery, AdminUserPageQueryVariables } from "./types";

export const AdminPageDocument = createDocument<AdminPageQuery, AdminPageQueryVariables>("AdminPage", "f0d9e76fef81048dd0fc6e782a436cd6a8a6610fd2c5a479f3ac32cfcb1afd35");
export const AdminCoursesDocument = createDocument<AdminCoursesQuery, AdminCoursesQueryVariables>("AdminCourses", "cc91c30c0218ab2723fc493f4e4cb3c03ca42848b379d29432e2ccc5f7674335");
export const AdminPeopleDocument = createDocument<AdminPeopleQuery, AdminPeopleQueryVariables>("AdminPeople", "5aff91a5fdc88a49bc8586a428c26b5876b834474edc8168bd27aae4b8a218c7");
export const AdminUserPageDocument = createDocument<AdminUserPageQuery, AdminUserPageQueryVariables>("AdminUserPage", "6195413b1b3dba6c3cde752279fbedb3865c08e6075183f274c08303013ceb21");
