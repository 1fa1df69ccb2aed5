// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { DashboardPageQuery, DashboardPageQueryVariables, DashboardLiveQuery, DashboardLiveQueryVariables, DashboardCoursesQuery, DashboardCoursesQueryVariables } from "./types";

export const DashboardPageDocument = createDocument<DashboardPageQuery, DashboardPageQueryVariables>("DashboardPage", "11bc595b7ed9bf415f32719c03bb6188fd3fb5ff38d121e1f2bb619d0ab8222e");
export const DashboardLiveDocument = createDocument<DashboardLiveQuery, DashboardLiveQueryVariables>("DashboardLive", "c06f89206311fe05f83328181fbcc82411c646d0b152b03799587879c12f16a0");
export const DashboardCoursesDocument = createDocument<DashboardCoursesQuery, DashboardCoursesQueryVariables>("DashboardCourses", "b6c5eb400a5c482780225ccf1af1fd4c6b31d44c7d7210f7d248a3ad47f5168b");
