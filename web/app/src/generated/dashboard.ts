// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { DashboardPageQuery, DashboardPageQueryVariables, DashboardLiveSubscription, DashboardLiveSubscriptionVariables, DashboardCoursesQuery, DashboardCoursesQueryVariables } from "./types";

export const DashboardPageDocument = createDocument<DashboardPageQuery, DashboardPageQueryVariables>("DashboardPage", "38e0aecb350e8c5adc56bf0343e3623929b9a73b186e1ad09fec8730310556d5");
export const DashboardLiveDocument = createDocument<DashboardLiveSubscription, DashboardLiveSubscriptionVariables>("DashboardLive", "e8322e38d46020873c3ae7941cebeab30da71a050a67a4d4d11d82bfbd68dc84");
export const DashboardCoursesDocument = createDocument<DashboardCoursesQuery, DashboardCoursesQueryVariables>("DashboardCourses", "b6c5eb400a5c482780225ccf1af1fd4c6b31d44c7d7210f7d248a3ad47f5168b");
