// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { AnalyticsPageQuery, AnalyticsPageQueryVariables, CourseProgressLiveSubscription, CourseProgressLiveSubscriptionVariables, CourseStudentsQuery, CourseStudentsQueryVariables, BulkEnrollMutation, BulkEnrollMutationVariables } from "./types";

export const AnalyticsPageDocument = createDocument<AnalyticsPageQuery, AnalyticsPageQueryVariables>("AnalyticsPage", "8fae2dde4c985ad64f81319aa4f2f775b093762c2fff9d5fd1ac501cae18546c");
export const CourseProgressLiveDocument = createDocument<CourseProgressLiveSubscription, CourseProgressLiveSubscriptionVariables>("CourseProgressLive", "47915dea489c1313aa27575754e200394b9c640c59dd22543479e7a9f1780826");
export const CourseStudentsDocument = createDocument<CourseStudentsQuery, CourseStudentsQueryVariables>("CourseStudents", "9e538706959d10d943da8859a79dd8a85a71327d91ff4a775ec3d36ba1d4d733");
export const BulkEnrollDocument = createDocument<BulkEnrollMutation, BulkEnrollMutationVariables>("BulkEnroll", "e45c5976fc81e12a475f608a62f35e3fa2a9b724c709c95f4799f3a1bdd107ba");
