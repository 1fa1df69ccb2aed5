// Written by `npm run generate`. Do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Passwords of the viewer's account. */
export type ChangePasswordInput = {
  /** The password that the account has. */
  readonly currentPassword: string;
  /** At least 10 characters and at most 1,024 bytes; common passwords are rejected. */
  readonly newPassword: string;
};

/** Prior knowledge a course assumes. */
export type Difficulty =
  /** No prior knowledge required. */
  | 'BEGINNER'
  /** Familiarity with the basics. */
  | 'INTERMEDIATE'
  /** Practical experience. */
  | 'ADVANCED';

/** Publication state of a course. */
export type CourseStatus =
  /** Never published. */
  | 'DRAFT'
  /** Public. */
  | 'PUBLISHED'
  /** Unpublished after it was published. */
  | 'ARCHIVED';

/** Whether a course is free or paid. */
export type PriceFilter =
  /** Price of zero. */
  | 'FREE'
  /** Price above zero. */
  | 'PAID';

/** Conditions on the courses of a list. A course must meet all conditions that are set; an empty list sets none. */
export type CourseFilter = {
  /** Courses of any of these categories; at most 20. */
  readonly categoryIds?: ReadonlyArray<string | number> | null | undefined;
  /** Courses of any of these difficulties. */
  readonly difficulties?: ReadonlyArray<Difficulty> | null | undefined;
  /** Free or paid courses. */
  readonly price?: PriceFilter | null | undefined;
  /** Courses that cost at least this. */
  readonly minPrice?: string | null | undefined;
  /** Courses that cost at most this. */
  readonly maxPrice?: string | null | undefined;
  /** Courses taught by any of these users; at most 20. */
  readonly instructorIds?: ReadonlyArray<string | number> | null | undefined;
  /** Courses rated at least this, 1 to 5; courses without a review count as 0. */
  readonly minRating?: number | null | undefined;
  /** Courses of at least this length, in seconds. */
  readonly minDurationSeconds?: number | null | undefined;
  /** Courses of at most this length, in seconds. */
  readonly maxDurationSeconds?: number | null | undefined;
  /** Courses in any of these languages, as BCP 47 tags: en also finds en-GB; at most 20. */
  readonly languages?: ReadonlyArray<string> | null | undefined;
  /** Courses that have all of these tags, without regard to case, accents and blanks around them; at most 20 tags. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /**
   * Courses of this category.
   * @deprecated Use `categoryIds`. May be removed from 2027-06-30 on.
   */
  readonly categoryId?: string | number | null | undefined;
  /**
   * Courses of this difficulty.
   * @deprecated Use `difficulties`. May be removed from 2027-06-30 on.
   */
  readonly difficulty?: Difficulty | null | undefined;
  /**
   * Courses taught by this user.
   * @deprecated Use `instructorIds`. May be removed from 2027-06-30 on.
   */
  readonly instructorId?: string | number | null | undefined;
};

/** Values that courses can be sorted by. Ties are broken by id in the same direction. */
export type CourseOrderField =
  /** When the course was published. */
  | 'PUBLISHED_AT'
  /** Title, in alphabetical order. */
  | 'TITLE'
  /** Price. */
  | 'PRICE'
  /** Rating; courses without a review count as 0. */
  | 'RATING'
  /** Number of enrolled students. */
  | 'ENROLLMENTS';

/** Sort order of courses. */
export type CourseOrder = {
  /** Value to sort by. */
  readonly field: CourseOrderField;
  /** Sort direction. */
  readonly direction?: OrderDirection;
};

/** Data of a new course. */
export type CourseInput = {
  /** At most 200 characters. The slug is derived from it. */
  readonly title: string;
  /** At most 20,000 characters. */
  readonly description: string;
  /** At most 20 tags of at most 50 characters each. Converted to lower case, without blanks around them; duplicates are dropped. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** What students learn, one line each: at most 20 lines of at most 200 characters, without blanks around them. */
  readonly learningOutcomes?: ReadonlyArray<string> | null | undefined;
  /** What students need before the course, one line each: at most 20 lines of at most 200 characters, without blanks around them. */
  readonly requirements?: ReadonlyArray<string> | null | undefined;
  /** Prior knowledge the course assumes. Default: BEGINNER. */
  readonly difficulty?: Difficulty | null | undefined;
  /** Price in USD, 0 to 99999999.99, with at most two decimals. */
  readonly priceAmount: string;
  /** Length in seconds, at most 31,536,000. Default: 0. */
  readonly durationSeconds?: number | null | undefined;
  /** BCP 47 tag of the language of the videos, e.g. en or pt-BR. */
  readonly language?: string | null | undefined;
  /** URL of the picture: http or https, without user and password, at most 2,000 characters. */
  readonly thumbnailUrl?: string | null | undefined;
  /** Category of the course. */
  readonly categoryId: string | number;
};

/** Changes to a course. Fields that are omitted or null stay unchanged, except thumbnailUrl and language: null removes them. */
export type UpdateCourseInput = {
  /** One of the viewer's own courses; any course for an ADMIN. */
  readonly id: string | number;
  /** At most 200 characters. The slug does not change. */
  readonly title?: string | null | undefined;
  /** At most 20,000 characters. */
  readonly description?: string | null | undefined;
  /** At most 20 tags of at most 50 characters each. Converted to lower case, without blanks around them; duplicates are dropped. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** What students learn, one line each: at most 20 lines of at most 200 characters, without blanks around them. An empty list removes them. */
  readonly learningOutcomes?: ReadonlyArray<string> | null | undefined;
  /** What students need before the course, one line each: at most 20 lines of at most 200 characters, without blanks around them. An empty list removes them. */
  readonly requirements?: ReadonlyArray<string> | null | undefined;
  /** Prior knowledge the course assumes. */
  readonly difficulty?: Difficulty | null | undefined;
  /** 0 to 99999999.99, with at most two decimals. */
  readonly priceAmount?: string | null | undefined;
  /** Length in seconds: at most 31,536,000, and not less than the sum of its videos. */
  readonly durationSeconds?: number | null | undefined;
  /** BCP 47 tag of the language of the videos, e.g. en or pt-BR. Null removes the language. */
  readonly language?: string | null | undefined;
  /** URL of the picture: http or https, without user and password, at most 2,000 characters. Null removes the picture. */
  readonly thumbnailUrl?: string | null | undefined;
  /** Category of the course. */
  readonly categoryId?: string | number | null | undefined;
};

/** Status of an enrollment. */
export type EnrollmentStatus =
  /** No progress yet. */
  | 'NOT_STARTED'
  /** Progress above 0, not completed. */
  | 'IN_PROGRESS'
  /** Progress of 100, or completedAt is set. */
  | 'COMPLETED';

/** The course and the accounts to enroll. */
export type BulkEnrollInput = {
  /** One of the viewer's own published courses; any published course for an ADMIN. */
  readonly courseId: string | number;
  /** Emails of the accounts to enroll, at most 50,000. Case, blanks and line ends around them, and blank emails are ignored. */
  readonly emails: ReadonlyArray<string>;
};

/** A link to a page of an instructor. */
export type InstructorLinkInput = {
  /** 1 to 50 characters. */
  readonly label: string;
  /** http or https, without user and password, at most 2,000 characters. */
  readonly url: string;
};

/** Changes to the viewer's profile. Fields that are omitted or null stay unchanged. */
export type UpdateInstructorProfileInput = {
  /** At most 120 characters; may be empty. */
  readonly headline?: string | null | undefined;
  /** At most 5,000 characters; may be empty. */
  readonly bio?: string | null | undefined;
  /** All links, at most 10; an empty list removes them. */
  readonly links?: ReadonlyArray<InstructorLinkInput> | null | undefined;
};

/** Values that reviews can be sorted by. Ties are broken by id in the same direction. */
export type ReviewOrderField =
  /** When the review was written. */
  | 'CREATED_AT'
  /** Rating. */
  | 'RATING';

/** Sort order of reviews. */
export type ReviewOrder = {
  /** Value to sort by. */
  readonly field: ReviewOrderField;
  /** Sort direction. */
  readonly direction?: OrderDirection;
};

/** The viewer's review of a course. */
export type ReviewCourseInput = {
  /** A published course that the viewer is enrolled in and does not teach. */
  readonly courseId: string | number;
  /** 1 to 5. */
  readonly rating: number;
  /** At most 5,000 characters; may be empty. */
  readonly body: string;
};

/** Reply to a review. */
export type ReplyToReviewInput = {
  /** A review of one of the viewer's own courses; any review for an ADMIN. */
  readonly reviewId: string | number;
  /** 1 to 5,000 characters. */
  readonly body: string;
};

/** Direction in which a list is sorted. */
export type OrderDirection =
  /** Smallest, earliest or A first. */
  | 'ASC'
  /** Largest, latest or Z first. */
  | 'DESC';

/** What a suggestion names. */
export type SuggestionKind =
  /** The title of a course. */
  | 'COURSE'
  /** The name of a category. */
  | 'CATEGORY'
  /** A tag, for CourseFilter.tags. */
  | 'TAG'
  /** The name of an instructor. */
  | 'INSTRUCTOR';

/** A section to add to a course. */
export type AddSectionInput = {
  /** One of the viewer's own courses; any course for an ADMIN. */
  readonly courseId: string | number;
  /** At most 200 characters. */
  readonly title: string;
  /** Position among the sections, from 1. Sections from there on move one position up. Default: after all others. */
  readonly position?: number | null | undefined;
};

/** Changes of a section. Fields that are omitted or null stay unchanged. */
export type UpdateSectionInput = {
  /** A section of one of the viewer's own courses; any section for an ADMIN. */
  readonly id: string | number;
  /** At most 200 characters. */
  readonly title?: string | null | undefined;
};

/** New order of the sections of a course. */
export type ReorderSectionsInput = {
  /** One of the viewer's own courses; any course for an ADMIN. */
  readonly courseId: string | number;
  /** All sections of the course, each once, in the new order; at most 100. */
  readonly sectionIds: ReadonlyArray<string | number>;
};

/** Kind of a problem with the input. */
export type UserErrorCode =
  /** The value is not valid for its field; the message says what is valid. */
  | 'INVALID'
  /** The object does not exist, or the viewer may not see it. */
  | 'NOT_FOUND'
  /** The object already exists. */
  | 'ALREADY_EXISTS'
  /** The course is not published. */
  | 'NOT_PUBLISHED'
  /** The viewer is not enrolled in the course. */
  | 'NOT_ENROLLED'
  /** The viewer may see the object but not change it. */
  | 'FORBIDDEN'
  /** The password is too short, too long or too common. */
  | 'WEAK_PASSWORD'
  /** The email or the password is wrong, or a token is no longer valid. */
  | 'INVALID_CREDENTIALS';

/** Role of an account. Each role includes the permissions of the lower ones: ADMIN > INSTRUCTOR > STUDENT. */
export type Role =
  /** Enrolls in courses. */
  | 'STUDENT'
  /** Also teaches courses and sees their analytics. */
  | 'INSTRUCTOR'
  /** Runs the platform and sees everything. */
  | 'ADMIN';

/** Plan of an account. */
export type Plan =
  /** No subscription; only bought courses. */
  | 'FREE'
  /** The subscription. */
  | 'PREMIUM';

/** Preferences to change. Fields that are omitted or null stay unchanged. */
export type UpdatePreferencesInput = {
  /** BCP 47 language tag, e.g. en or de-CH. */
  readonly locale?: string | null | undefined;
  /** light, dark or system. */
  readonly theme?: string | null | undefined;
  /** Whether the user agrees to news by email. */
  readonly emailNotifications?: boolean | null | undefined;
  /** Playback speed of videos, 0.25 to 4; 1.0 is normal speed. */
  readonly playbackSpeed?: number | null | undefined;
};

/** Profile to change. Fields that are omitted or null stay unchanged, except avatarUrl: null removes it. */
export type UpdateProfileInput = {
  /** Display name; at most 100 characters. */
  readonly name?: string | null | undefined;
  /** URL of a picture: http or https, without user and password, at most 2,000 characters. Null removes the picture. */
  readonly avatarUrl?: string | null | undefined;
};

/** The position that a viewer has reached in a video at a time. Players send one every few seconds, or one at the end. */
export type VideoProgressEvent = {
  /** The video. */
  readonly videoId: string | number;
  /** Position reached, in seconds from the start of the video. Up to 30 seconds beyond its end count as its end, because players round. */
  readonly progressSeconds: number;
  /** Time of watching, at most a year ago and at most 5 minutes in the future, because clocks differ. Default: now. */
  readonly watchedAt?: string | null | undefined;
};

/** Files of a video on the media server. Paths are relative to the directory of the course, whose name is the course's id, and are in a directory of the video, e.g. intro/index.m3u8: at most 500 ASCII letters, digits and any of . _ - /. A signed URL gives access to all files of that directory, so each video has one of its own. */
export type VideoMediaInput = {
  /** Path of the file to play, or of its playlist: .m3u8 (HLS), .mpd (DASH), .mp4 or .webm. The URLs in a playlist must be relative. */
  readonly path: string;
  /** Width of the picture in pixels, 1 to 16,384. */
  readonly width?: number | null | undefined;
  /** Height of the picture in pixels, 1 to 16,384. */
  readonly height?: number | null | undefined;
  /** Path of the picture to show before the video plays: .jpg, .png, .webp or .avif. */
  readonly poster?: string | null | undefined;
  /** Captions, in the order to offer them; at most 50, each language once. */
  readonly captions?: ReadonlyArray<VideoCaptionInput> | null | undefined;
};

/** File of a video's captions in one language. */
export type VideoCaptionInput = {
  /** BCP 47 tag of the language, e.g. en or pt-BR. */
  readonly language: string;
  /** Name of the track for users, e.g. English; at most 100 characters. */
  readonly label: string;
  /** Path of the WebVTT file: .vtt. */
  readonly path: string;
};

/** A video to add to a course. */
export type AddVideoInput = {
  /** One of the viewer's own courses; any course for an ADMIN. */
  readonly courseId: string | number;
  /** At most 200 characters. */
  readonly title: string;
  /** Length in seconds, 1 to 86,400. */
  readonly durationSeconds: number;
  /** Position in the course, from 1. Videos from there on move one position up. Default: after all others, or after the others of its section. */
  readonly position?: number | null | undefined;
  /** Section of the course. Default: that of the video at the position; for a video after all others, the last section. */
  readonly sectionId?: string | number | null | undefined;
  /** Whether all visitors may play the video. Default: false. */
  readonly isPreview?: boolean | null | undefined;
  /** Files of the video. Without them it cannot be played. */
  readonly media?: VideoMediaInput | null | undefined;
};

/** Changes of a video. Fields that are omitted or null stay unchanged, except sectionId and media: null takes the video out of its section, and removes its files. */
export type UpdateVideoInput = {
  /** A video of one of the viewer's own courses; any video for an ADMIN. */
  readonly id: string | number;
  /** At most 200 characters. */
  readonly title?: string | null | undefined;
  /** Length in seconds, 1 to 86,400. */
  readonly durationSeconds?: number | null | undefined;
  /** Section of the course to move the video to, after its other videos. Null moves it after the videos without a section. A video that is there already keeps its position. */
  readonly sectionId?: string | number | null | undefined;
  /** Whether all visitors may play the video. */
  readonly isPreview?: boolean | null | undefined;
  /** Files of the video, in place of all former ones. Null removes them. URLs of former files stay valid until they expire. */
  readonly media?: VideoMediaInput | null | undefined;
};

/** New order of the videos of a course. */
export type ReorderVideosInput = {
  /** One of the viewer's own courses; any course for an ADMIN. */
  readonly courseId: string | number;
  /** All videos of the course, each once, in the new order; at most 1,000. */
  readonly videoIds: ReadonlyArray<string | number>;
  /** Section of each of the videos, null for none. Sections are in their order, and videos without a section come first. Default: each video stays in its section, and a video that is moved among the videos of another section joins it. */
  readonly sectionIds?: ReadonlyArray<string | number | null | undefined> | null | undefined;
};

export type AccountPageQueryVariables = Exact<{ [key: string]: never; }>;


export type AccountPageQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly slug: string | null, readonly name: string, readonly email: string | null, readonly emailVerifiedAt: string | null, readonly avatarUrl: string | null, readonly role: Role, readonly plan: Plan | null, readonly createdAt: string, readonly sessions: ReadonlyArray<{ readonly __typename: 'Session', readonly id: string, readonly device: string | null, readonly createdAt: string, readonly lastUsedAt: string, readonly isCurrent: boolean }> | null, readonly preferences: { readonly __typename: 'UserPreferences', readonly locale: string, readonly theme: string, readonly emailNotifications: boolean, readonly playbackSpeed: number } | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly bio: string, readonly links: ReadonlyArray<{ readonly __typename: 'InstructorLink', readonly label: string, readonly url: string }> } | null } | null };

export type AccountProfileFragment = { readonly __typename: 'User', readonly id: string, readonly slug: string | null, readonly name: string, readonly email: string | null, readonly emailVerifiedAt: string | null, readonly avatarUrl: string | null, readonly role: Role, readonly plan: Plan | null, readonly createdAt: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly locale: string, readonly theme: string, readonly emailNotifications: boolean, readonly playbackSpeed: number } | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly bio: string, readonly links: ReadonlyArray<{ readonly __typename: 'InstructorLink', readonly label: string, readonly url: string }> } | null };

export type UpdateProfileMutationVariables = Exact<{
  input: UpdateProfileInput;
}>;


export type UpdateProfileMutation = { readonly updateProfile: { readonly __typename: 'UpdateProfilePayload', readonly user: { readonly __typename: 'User', readonly id: string, readonly slug: string | null, readonly name: string, readonly email: string | null, readonly emailVerifiedAt: string | null, readonly avatarUrl: string | null, readonly role: Role, readonly plan: Plan | null, readonly createdAt: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly locale: string, readonly theme: string, readonly emailNotifications: boolean, readonly playbackSpeed: number } | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly bio: string, readonly links: ReadonlyArray<{ readonly __typename: 'InstructorLink', readonly label: string, readonly url: string }> } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type UpdatePreferencesMutationVariables = Exact<{
  input: UpdatePreferencesInput;
}>;


export type UpdatePreferencesMutation = { readonly updatePreferences: { readonly __typename: 'UpdatePreferencesPayload', readonly user: { readonly __typename: 'User', readonly id: string, readonly slug: string | null, readonly name: string, readonly email: string | null, readonly emailVerifiedAt: string | null, readonly avatarUrl: string | null, readonly role: Role, readonly plan: Plan | null, readonly createdAt: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly locale: string, readonly theme: string, readonly emailNotifications: boolean, readonly playbackSpeed: number } | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly bio: string, readonly links: ReadonlyArray<{ readonly __typename: 'InstructorLink', readonly label: string, readonly url: string }> } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type UpdateInstructorProfileMutationVariables = Exact<{
  input: UpdateInstructorProfileInput;
}>;


export type UpdateInstructorProfileMutation = { readonly updateInstructorProfile: { readonly __typename: 'UpdateInstructorProfilePayload', readonly user: { readonly __typename: 'User', readonly id: string, readonly slug: string | null, readonly name: string, readonly email: string | null, readonly emailVerifiedAt: string | null, readonly avatarUrl: string | null, readonly role: Role, readonly plan: Plan | null, readonly createdAt: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly locale: string, readonly theme: string, readonly emailNotifications: boolean, readonly playbackSpeed: number } | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly bio: string, readonly links: ReadonlyArray<{ readonly __typename: 'InstructorLink', readonly label: string, readonly url: string }> } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { readonly changePassword: { readonly __typename: 'ChangePasswordPayload', readonly revokedSessionsCount: number | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type RevokeSessionMutationVariables = Exact<{
  id: string | number;
}>;


export type RevokeSessionMutation = { readonly revokeSession: { readonly __typename: 'RevokeSessionPayload', readonly revokedSessionId: string | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type RequestEmailVerificationMutationVariables = Exact<{ [key: string]: never; }>;


export type RequestEmailVerificationMutation = { readonly requestEmailVerification: { readonly __typename: 'RequestEmailVerificationPayload', readonly requested: boolean } };

export type VerifyEmailMutationVariables = Exact<{
  token: string;
}>;


export type VerifyEmailMutation = { readonly verifyEmail: { readonly __typename: 'VerifyEmailPayload', readonly email: string | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type RequestPasswordResetMutationVariables = Exact<{
  email: string;
}>;


export type RequestPasswordResetMutation = { readonly requestPasswordReset: { readonly __typename: 'RequestPasswordResetPayload', readonly requested: boolean, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type ResetPasswordMutationVariables = Exact<{
  token: string;
  newPassword: string;
}>;


export type ResetPasswordMutation = { readonly resetPassword: { readonly __typename: 'ResetPasswordPayload', readonly passwordReset: boolean, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DeleteAccountMutationVariables = Exact<{
  password?: string | null | undefined;
}>;


export type DeleteAccountMutation = { readonly deleteAccount: { readonly __typename: 'DeleteAccountPayload', readonly deletedUserId: string | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type AdminPageQueryVariables = Exact<{ [key: string]: never; }>;


export type AdminPageQuery = { readonly platformDashboard: { readonly __typename: 'PlatformDashboard', readonly usersCount: number, readonly activeUsersCount: number, readonly publishedCoursesCount: number, readonly enrollmentsCount: number, readonly completionsCount: number, readonly topCourses: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly enrollmentCount: number, readonly rating: number | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } }>, readonly topCategories: ReadonlyArray<{ readonly __typename: 'Category', readonly id: string, readonly name: string, readonly slug: string, readonly courseCount: number }>, readonly enrollmentsOverTime: ReadonlyArray<{ readonly __typename: 'TimePoint', readonly at: string, readonly value: number }> } | null };

export type AdminCoursesQueryVariables = Exact<{
  after?: string | null | undefined;
  orderBy?: CourseOrder | null | undefined;
  filter?: CourseFilter | null | undefined;
}>;


export type AdminCoursesQuery = { readonly courses: { readonly __typename: 'CourseConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly publishedAt: string | null, readonly enrollmentCount: number, readonly rating: number | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly categories: ReadonlyArray<{ readonly __typename: 'Category', readonly id: string, readonly name: string }> };

export type AdminPeopleQueryVariables = Exact<{
  prefix: string;
}>;


export type AdminPeopleQuery = { readonly suggest: ReadonlyArray<{ readonly __typename: 'Suggestion', readonly kind: SuggestionKind, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null, readonly slug: string | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly courseCount: number, readonly studentCount: number } | null } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly title: string, readonly enrollmentCount: number, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } | null }> };

export type AdminUserPageQueryVariables = Exact<{
  id: string | number;
}>;


export type AdminUserPageQuery = { readonly user: { readonly __typename: 'User', readonly id: string, readonly slug: string | null, readonly name: string, readonly email: string | null, readonly emailVerifiedAt: string | null, readonly avatarUrl: string | null, readonly role: Role, readonly plan: Plan | null, readonly createdAt: string, readonly lastLogin: string | null, readonly dashboard: { readonly __typename: 'Dashboard', readonly enrolledCoursesCount: number, readonly completedCoursesCount: number, readonly watchTimeSeconds: number } | null, readonly sessions: ReadonlyArray<{ readonly __typename: 'Session', readonly id: string, readonly device: string | null, readonly createdAt: string, readonly lastUsedAt: string }> | null, readonly enrollments: { readonly __typename: 'EnrollmentConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly lastAccessedAt: string | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string } }> } | null, readonly coursesTaught: { readonly __typename: 'CourseConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly enrollmentCount: number, readonly rating: number | null }> } } | null };

export type CatalogPageQueryVariables = Exact<{
  first?: number;
  categories?: ReadonlyArray<string | number> | string | number | null | undefined;
  levels?: ReadonlyArray<Difficulty> | Difficulty | null | undefined;
  price?: PriceFilter | null | undefined;
  rating?: number | null | undefined;
  minDuration?: number | null | undefined;
  maxDuration?: number | null | undefined;
  languages?: ReadonlyArray<string> | string | null | undefined;
  tags?: ReadonlyArray<string> | string | null | undefined;
  sort?: CourseOrderField;
  direction?: OrderDirection;
}>;


export type CatalogPageQuery = { readonly searchCourses: { readonly __typename: 'CourseSearchConnection', readonly totalCount: number, readonly facets: { readonly __typename: 'SearchFacets', readonly categories: ReadonlyArray<{ readonly __typename: 'CategoryFacet', readonly count: number, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } }>, readonly difficulties: ReadonlyArray<{ readonly __typename: 'DifficultyFacet', readonly difficulty: Difficulty, readonly count: number }>, readonly prices: ReadonlyArray<{ readonly __typename: 'PriceFacet', readonly price: PriceFilter, readonly count: number }>, readonly ratings: ReadonlyArray<{ readonly __typename: 'RatingFacet', readonly minRating: number, readonly count: number }>, readonly durations: ReadonlyArray<{ readonly __typename: 'DurationFacet', readonly minDurationSeconds: number, readonly maxDurationSeconds: number | null, readonly count: number }>, readonly languages: ReadonlyArray<{ readonly __typename: 'LanguageFacet', readonly language: string, readonly count: number }> }, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseSearchEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CatalogMoreQueryVariables = Exact<{
  first: number;
  after: string;
  categories?: ReadonlyArray<string | number> | string | number | null | undefined;
  levels?: ReadonlyArray<Difficulty> | Difficulty | null | undefined;
  price?: PriceFilter | null | undefined;
  rating?: number | null | undefined;
  minDuration?: number | null | undefined;
  maxDuration?: number | null | undefined;
  languages?: ReadonlyArray<string> | string | null | undefined;
  tags?: ReadonlyArray<string> | string | null | undefined;
  sort?: CourseOrderField;
  direction?: OrderDirection;
}>;


export type CatalogMoreQuery = { readonly searchCourses: { readonly __typename: 'CourseSearchConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseSearchEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CertificatePageQueryVariables = Exact<{
  code: string;
}>;


export type CertificatePageQuery = { readonly certificate: { readonly __typename: 'Certificate', readonly id: string, readonly code: string, readonly courseTitle: string, readonly issuedAt: string, readonly recipient: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly durationSeconds: number, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } | null } | null };

export type CoursePageQueryVariables = Exact<{
  slug: string;
}>;


export type CoursePageQuery = { readonly course: { readonly __typename: 'Course', readonly description: string, readonly language: string | null, readonly tags: ReadonlyArray<string>, readonly learningOutcomes: ReadonlyArray<string>, readonly requirements: ReadonlyArray<string>, readonly publishedAt: string | null, readonly updatedAt: string, readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly slug: string | null, readonly avatarUrl: string | null, readonly instructorProfile: { readonly __typename: 'InstructorProfile', readonly headline: string, readonly bio: string, readonly courseCount: number, readonly studentCount: number, readonly rating: number | null } | null }, readonly ratingHistogram: ReadonlyArray<{ readonly __typename: 'RatingCount', readonly rating: number, readonly count: number }>, readonly sections: ReadonlyArray<{ readonly __typename: 'Section', readonly id: string, readonly title: string, readonly durationSeconds: number, readonly videosCount: number }>, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Video', readonly id: string, readonly title: string, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string } | null }> }, readonly reviews: { readonly __typename: 'ReviewConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly relatedCourses: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } }>, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } } | null };

export type CourseVideoFragment = { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string } | null };

export type ReviewPageFragment = { readonly __typename: 'ReviewConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } };

export type CourseReviewsQueryVariables = Exact<{
  id: string | number;
  first: number;
  after?: string | null | undefined;
  rating?: number | null | undefined;
  orderBy?: ReviewOrder | null | undefined;
}>;


export type CourseReviewsQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly reviews: { readonly __typename: 'ReviewConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type CourseVideosQueryVariables = Exact<{
  id: string | number;
  first: number;
  after?: string | null | undefined;
}>;


export type CourseVideosQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly videos: { readonly __typename: 'VideoConnection', readonly nodes: ReadonlyArray<{ readonly __typename: 'Video', readonly id: string, readonly title: string, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string } | null }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type CourseViewerQueryVariables = Exact<{
  id: string | number;
}>;


export type CourseViewerQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly viewerCanEnroll: boolean, readonly viewerCanReview: boolean, readonly viewerCanUpdate: boolean, readonly viewerHasWishlisted: boolean, readonly viewerEnrollment: { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly nextVideo: { readonly __typename: 'Video', readonly id: string } | null } | null, readonly viewerReview: { readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string } | null } | null };

export type PreviewPlaybackQueryVariables = Exact<{
  id: string | number;
}>;


export type PreviewPlaybackQuery = { readonly node:
    | { readonly __typename: 'Category' }
    | { readonly __typename: 'Certificate' }
    | { readonly __typename: 'Enrollment' }
    | { readonly __typename: 'User' }
    | { readonly __typename: 'Course' }
    | { readonly __typename: 'Review' }
    | { readonly __typename: 'Section' }
    | { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly playback: { readonly __typename: 'VideoPlayback', readonly url: string, readonly mimeType: string, readonly poster: string | null, readonly expiresAt: string, readonly captions: ReadonlyArray<{ readonly __typename: 'VideoCaption', readonly language: string, readonly label: string, readonly url: string }> } | null }
   | null };

export type ReviewCourseMutationVariables = Exact<{
  input: ReviewCourseInput;
}>;


export type ReviewCourseMutation = { readonly reviewCourse: { readonly __typename: 'ReviewPayload', readonly review: { readonly __typename: 'Review', readonly id: string, readonly course: { readonly __typename: 'Course', readonly id: string } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DeleteReviewMutationVariables = Exact<{
  id: string | number;
}>;


export type DeleteReviewMutation = { readonly deleteReview: { readonly __typename: 'DeleteReviewPayload', readonly deletedReviewId: string | null, readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DashboardPageQueryVariables = Exact<{ [key: string]: never; }>;


export type DashboardPageQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly dashboard: { readonly __typename: 'Dashboard', readonly enrolledCoursesCount: number, readonly inProgressCoursesCount: number, readonly completedCoursesCount: number, readonly watchTimeSeconds: number, readonly watchTime: ReadonlyArray<{ readonly __typename: 'TimePoint', readonly at: string, readonly value: number }>, readonly recentActivity: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly remainingSeconds: number, readonly nextVideo: { readonly __typename: 'Video', readonly id: string, readonly title: string } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly recommendedCourses: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly rating: number | null, readonly reviewCount: number, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } }> } | null, readonly certificates: { readonly __typename: 'CertificateConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Certificate', readonly id: string, readonly code: string, readonly courseTitle: string, readonly issuedAt: string }> } | null } | null };

export type DashboardLiveQueryVariables = Exact<{ [key: string]: never; }>;


export type DashboardLiveQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly dashboard: { readonly __typename: 'Dashboard', readonly enrolledCoursesCount: number, readonly inProgressCoursesCount: number, readonly completedCoursesCount: number, readonly watchTimeSeconds: number, readonly watchTime: ReadonlyArray<{ readonly __typename: 'TimePoint', readonly at: string, readonly value: number }>, readonly recentActivity: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly remainingSeconds: number, readonly nextVideo: { readonly __typename: 'Video', readonly id: string, readonly title: string } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly recommendedCourses: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly rating: number | null, readonly reviewCount: number, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } }> } | null, readonly certificates: { readonly __typename: 'CertificateConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Certificate', readonly id: string, readonly code: string, readonly courseTitle: string, readonly issuedAt: string }> } | null } | null };

export type DashboardViewerFragment = { readonly __typename: 'User', readonly id: string, readonly name: string, readonly dashboard: { readonly __typename: 'Dashboard', readonly enrolledCoursesCount: number, readonly inProgressCoursesCount: number, readonly completedCoursesCount: number, readonly watchTimeSeconds: number, readonly watchTime: ReadonlyArray<{ readonly __typename: 'TimePoint', readonly at: string, readonly value: number }>, readonly recentActivity: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly remainingSeconds: number, readonly nextVideo: { readonly __typename: 'Video', readonly id: string, readonly title: string } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly recommendedCourses: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly rating: number | null, readonly reviewCount: number, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } }> } | null, readonly certificates: { readonly __typename: 'CertificateConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'Certificate', readonly id: string, readonly code: string, readonly courseTitle: string, readonly issuedAt: string }> } | null };

export type DashboardFiguresFragment = { readonly __typename: 'Dashboard', readonly enrolledCoursesCount: number, readonly inProgressCoursesCount: number, readonly completedCoursesCount: number, readonly watchTimeSeconds: number, readonly watchTime: ReadonlyArray<{ readonly __typename: 'TimePoint', readonly at: string, readonly value: number }>, readonly recentActivity: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly remainingSeconds: number, readonly nextVideo: { readonly __typename: 'Video', readonly id: string, readonly title: string } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly recommendedCourses: ReadonlyArray<{ readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly rating: number | null, readonly reviewCount: number, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } }> };

export type DashboardCoursesQueryVariables = Exact<{
  status?: EnrollmentStatus | null | undefined;
  after?: string | null | undefined;
}>;


export type DashboardCoursesQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly enrollments: { readonly __typename: 'EnrollmentConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'EnrollmentEdge', readonly node: { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly remainingSeconds: number, readonly nextVideo: { readonly __typename: 'Video', readonly id: string, readonly title: string } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } | null } | null };

export type EnrollmentCardFragment = { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly remainingSeconds: number, readonly nextVideo: { readonly __typename: 'Video', readonly id: string, readonly title: string } | null, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } };

export type ViewerCoursesQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerCoursesQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly enrollments: { readonly __typename: 'EnrollmentConnection', readonly nodes: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly course: { readonly __typename: 'Course', readonly id: string } }> } | null } | null };

export type EnrollMutationVariables = Exact<{
  courseId: string | number;
}>;


export type EnrollMutation = { readonly enroll: { readonly __typename: 'EnrollPayload', readonly enrollment: { readonly __typename: 'Enrollment', readonly id: string, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type CourseCardFragment = { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } };

export type PictureFragment = { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> };

export type SearchPageFragment = { readonly __typename: 'CourseSearchConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseSearchEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } };

export type FacetsFragment = { readonly __typename: 'SearchFacets', readonly categories: ReadonlyArray<{ readonly __typename: 'CategoryFacet', readonly count: number, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } }>, readonly difficulties: ReadonlyArray<{ readonly __typename: 'DifficultyFacet', readonly difficulty: Difficulty, readonly count: number }>, readonly prices: ReadonlyArray<{ readonly __typename: 'PriceFacet', readonly price: PriceFilter, readonly count: number }>, readonly ratings: ReadonlyArray<{ readonly __typename: 'RatingFacet', readonly minRating: number, readonly count: number }>, readonly durations: ReadonlyArray<{ readonly __typename: 'DurationFacet', readonly minDurationSeconds: number, readonly maxDurationSeconds: number | null, readonly count: number }>, readonly languages: ReadonlyArray<{ readonly __typename: 'LanguageFacet', readonly language: string, readonly count: number }> };

export type ReviewItemFragment = { readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null };

export type ProblemFragment = { readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> };

export type LearnPageQueryVariables = Exact<{
  slug: string;
  after?: string | null | undefined;
}>;


export type LearnPageQuery = { readonly __typename: 'Query', readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly viewerCanEnroll: boolean, readonly viewerCanUpdate: boolean, readonly viewerEnrollment: { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly nextVideo: { readonly __typename: 'Video', readonly id: string } | null, readonly certificate: { readonly __typename: 'Certificate', readonly id: string, readonly code: string } | null } | null, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string }, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'VideoEdge', readonly cursor: string, readonly node: { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string, readonly title: string } | null, readonly viewerProgress: { readonly __typename: 'VideoProgress', readonly progressSeconds: number, readonly completed: boolean } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null, readonly viewer: { readonly __typename: 'User', readonly id: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly playbackSpeed: number } | null } | null };

export type LearnEnrolledPageQueryVariables = Exact<{
  enrollment: string | number;
  after?: string | null | undefined;
}>;


export type LearnEnrolledPageQuery = { readonly __typename: 'Query', readonly node:
    | { readonly __typename: 'Category' }
    | { readonly __typename: 'Certificate' }
    | { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly viewerCanEnroll: boolean, readonly viewerCanUpdate: boolean, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string }, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'VideoEdge', readonly cursor: string, readonly node: { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string, readonly title: string } | null, readonly viewerProgress: { readonly __typename: 'VideoProgress', readonly progressSeconds: number, readonly completed: boolean } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } }, readonly nextVideo: { readonly __typename: 'Video', readonly id: string } | null, readonly certificate: { readonly __typename: 'Certificate', readonly id: string, readonly code: string } | null }
    | { readonly __typename: 'User' }
    | { readonly __typename: 'Course' }
    | { readonly __typename: 'Review' }
    | { readonly __typename: 'Section' }
    | { readonly __typename: 'Video' }
   | null, readonly viewer: { readonly __typename: 'User', readonly id: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly playbackSpeed: number } | null } | null };

export type LearnViewerFragment = { readonly __typename: 'Query', readonly viewer: { readonly __typename: 'User', readonly id: string, readonly preferences: { readonly __typename: 'UserPreferences', readonly playbackSpeed: number } | null } | null };

export type LearnCourseFragment = { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly published: boolean, readonly viewerCanEnroll: boolean, readonly viewerCanUpdate: boolean, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string }, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'VideoEdge', readonly cursor: string, readonly node: { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string, readonly title: string } | null, readonly viewerProgress: { readonly __typename: 'VideoProgress', readonly progressSeconds: number, readonly completed: boolean } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type LearnEnrollmentFragment = { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly nextVideo: { readonly __typename: 'Video', readonly id: string } | null, readonly certificate: { readonly __typename: 'Certificate', readonly id: string, readonly code: string } | null };

export type EnrollmentProgressFragment = { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly certificate: { readonly __typename: 'Certificate', readonly id: string, readonly code: string } | null };

export type PlaybackQueryVariables = Exact<{
  id: string | number;
}>;


export type PlaybackQuery = { readonly node:
    | { readonly __typename: 'Category' }
    | { readonly __typename: 'Certificate' }
    | { readonly __typename: 'Enrollment' }
    | { readonly __typename: 'User' }
    | { readonly __typename: 'Course' }
    | { readonly __typename: 'Review' }
    | { readonly __typename: 'Section' }
    | { readonly __typename: 'Video', readonly id: string, readonly playback: { readonly __typename: 'VideoPlayback', readonly url: string, readonly mimeType: string, readonly width: number | null, readonly height: number | null, readonly poster: string | null, readonly expiresAt: string, readonly captions: ReadonlyArray<{ readonly __typename: 'VideoCaption', readonly language: string, readonly label: string, readonly url: string }> } | null }
   | null };

export type EnrolledPlaybackQueryVariables = Exact<{
  enrollment: string | number;
  after?: string | null | undefined;
}>;


export type EnrolledPlaybackQuery = { readonly node:
    | { readonly __typename: 'Category' }
    | { readonly __typename: 'Certificate' }
    | { readonly __typename: 'Enrollment', readonly id: string, readonly course: { readonly __typename: 'Course', readonly id: string, readonly videos: { readonly __typename: 'VideoConnection', readonly nodes: ReadonlyArray<{ readonly __typename: 'Video', readonly id: string, readonly playback: { readonly __typename: 'VideoPlayback', readonly url: string, readonly mimeType: string, readonly width: number | null, readonly height: number | null, readonly poster: string | null, readonly expiresAt: string, readonly captions: ReadonlyArray<{ readonly __typename: 'VideoCaption', readonly language: string, readonly label: string, readonly url: string }> } | null }> } } }
    | { readonly __typename: 'User' }
    | { readonly __typename: 'Course' }
    | { readonly __typename: 'Review' }
    | { readonly __typename: 'Section' }
    | { readonly __typename: 'Video' }
   | null };

export type PlaybackFilesFragment = { readonly __typename: 'VideoPlayback', readonly url: string, readonly mimeType: string, readonly width: number | null, readonly height: number | null, readonly poster: string | null, readonly expiresAt: string, readonly captions: ReadonlyArray<{ readonly __typename: 'VideoCaption', readonly language: string, readonly label: string, readonly url: string }> };

export type RecordProgressMutationVariables = Exact<{
  events: ReadonlyArray<VideoProgressEvent> | VideoProgressEvent;
}>;


export type RecordProgressMutation = { readonly recordVideoProgress: { readonly __typename: 'RecordVideoProgressPayload', readonly recordedCount: number, readonly enrollments: ReadonlyArray<{ readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly certificate: { readonly __typename: 'Certificate', readonly id: string, readonly code: string } | null }>, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type SearchPageQueryVariables = Exact<{
  query: string;
  first?: number;
  categories?: ReadonlyArray<string | number> | string | number | null | undefined;
  levels?: ReadonlyArray<Difficulty> | Difficulty | null | undefined;
  price?: PriceFilter | null | undefined;
  rating?: number | null | undefined;
  minDuration?: number | null | undefined;
  maxDuration?: number | null | undefined;
  languages?: ReadonlyArray<string> | string | null | undefined;
  tags?: ReadonlyArray<string> | string | null | undefined;
  orderBy?: CourseOrder | null | undefined;
}>;


export type SearchPageQuery = { readonly searchCourses: { readonly __typename: 'CourseSearchConnection', readonly relaxed: boolean, readonly didYouMean: string | null, readonly totalCount: number, readonly facets: { readonly __typename: 'SearchFacets', readonly categories: ReadonlyArray<{ readonly __typename: 'CategoryFacet', readonly count: number, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } }>, readonly difficulties: ReadonlyArray<{ readonly __typename: 'DifficultyFacet', readonly difficulty: Difficulty, readonly count: number }>, readonly prices: ReadonlyArray<{ readonly __typename: 'PriceFacet', readonly price: PriceFilter, readonly count: number }>, readonly ratings: ReadonlyArray<{ readonly __typename: 'RatingFacet', readonly minRating: number, readonly count: number }>, readonly durations: ReadonlyArray<{ readonly __typename: 'DurationFacet', readonly minDurationSeconds: number, readonly maxDurationSeconds: number | null, readonly count: number }>, readonly languages: ReadonlyArray<{ readonly __typename: 'LanguageFacet', readonly language: string, readonly count: number }> }, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseSearchEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type SearchMoreQueryVariables = Exact<{
  query: string;
  first: number;
  after: string;
  categories?: ReadonlyArray<string | number> | string | number | null | undefined;
  levels?: ReadonlyArray<Difficulty> | Difficulty | null | undefined;
  price?: PriceFilter | null | undefined;
  rating?: number | null | undefined;
  minDuration?: number | null | undefined;
  maxDuration?: number | null | undefined;
  languages?: ReadonlyArray<string> | string | null | undefined;
  tags?: ReadonlyArray<string> | string | null | undefined;
  orderBy?: CourseOrder | null | undefined;
}>;


export type SearchMoreQuery = { readonly searchCourses: { readonly __typename: 'CourseSearchConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseSearchEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly role: Role } | null };

export type AnalyticsPageQueryVariables = Exact<{
  id: string | number;
}>;


export type AnalyticsPageQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly ratingHistogram: ReadonlyArray<{ readonly __typename: 'RatingCount', readonly rating: number, readonly count: number }>, readonly analytics: { readonly __typename: 'CourseAnalytics', readonly totalEnrollments: number, readonly averageProgress: number, readonly completions: number, readonly completionRate: number, readonly averageRating: number | null, readonly totalReviews: number, readonly watchTimeSeconds: number, readonly refreshedAt: string } | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } } | null };

export type CourseProgressLiveSubscriptionVariables = Exact<{
  courseId: string | number;
}>;


export type CourseProgressLiveSubscription = { readonly courseProgress: { readonly __typename: 'CourseProgress', readonly enrolledCount: number, readonly notStartedCount: number, readonly inProgressCount: number, readonly completedCount: number } | null };

export type CourseStudentsQueryVariables = Exact<{
  id: string | number;
  after?: string | null | undefined;
}>;


export type CourseStudentsQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly enrollments: { readonly __typename: 'EnrollmentConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'EnrollmentEdge', readonly node: { readonly __typename: 'Enrollment', readonly id: string, readonly progress: number, readonly status: EnrollmentStatus, readonly enrolledAt: string, readonly lastAccessedAt: string | null, readonly user: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } | null } | null };

export type BulkEnrollMutationVariables = Exact<{
  input: BulkEnrollInput;
}>;


export type BulkEnrollMutation = { readonly bulkEnroll: { readonly __typename: 'BulkEnrollPayload', readonly enrolledCount: number, readonly alreadyEnrolledCount: number, readonly unknownEmails: ReadonlyArray<string>, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type CurriculumPageQueryVariables = Exact<{
  id: string | number;
  after?: string | null | undefined;
}>;


export type CurriculumPageQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly sections: ReadonlyArray<{ readonly __typename: 'Section', readonly id: string, readonly title: string, readonly position: number }>, readonly curriculum: { readonly __typename: 'VideoConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'VideoEdge', readonly node: { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string } | null, readonly playback: { readonly __typename: 'VideoPlayback', readonly mimeType: string } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } } | null };

export type CurriculumVideoFragment = { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly section: { readonly __typename: 'Section', readonly id: string } | null, readonly playback: { readonly __typename: 'VideoPlayback', readonly mimeType: string } | null };

export type AddSectionMutationVariables = Exact<{
  input: AddSectionInput;
}>;


export type AddSectionMutation = { readonly addSection: { readonly __typename: 'SectionPayload', readonly section: { readonly __typename: 'Section', readonly id: string, readonly title: string, readonly position: number, readonly course: { readonly __typename: 'Course', readonly id: string } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type UpdateSectionMutationVariables = Exact<{
  input: UpdateSectionInput;
}>;


export type UpdateSectionMutation = { readonly updateSection: { readonly __typename: 'SectionPayload', readonly section: { readonly __typename: 'Section', readonly id: string, readonly title: string, readonly position: number, readonly course: { readonly __typename: 'Course', readonly id: string } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DeleteSectionMutationVariables = Exact<{
  id: string | number;
}>;


export type DeleteSectionMutation = { readonly deleteSection: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type ReorderSectionsMutationVariables = Exact<{
  input: ReorderSectionsInput;
}>;


export type ReorderSectionsMutation = { readonly reorderSections: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type AddVideoMutationVariables = Exact<{
  input: AddVideoInput;
}>;


export type AddVideoMutation = { readonly addVideo: { readonly __typename: 'AddVideoPayload', readonly video: { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly course: { readonly __typename: 'Course', readonly id: string }, readonly section: { readonly __typename: 'Section', readonly id: string } | null, readonly playback: { readonly __typename: 'VideoPlayback', readonly mimeType: string } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type UpdateVideoMutationVariables = Exact<{
  input: UpdateVideoInput;
}>;


export type UpdateVideoMutation = { readonly updateVideo: { readonly __typename: 'UpdateVideoPayload', readonly video: { readonly __typename: 'Video', readonly id: string, readonly title: string, readonly position: number, readonly durationSeconds: number, readonly isPreview: boolean, readonly course: { readonly __typename: 'Course', readonly id: string }, readonly section: { readonly __typename: 'Section', readonly id: string } | null, readonly playback: { readonly __typename: 'VideoPlayback', readonly mimeType: string } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DeleteVideoMutationVariables = Exact<{
  id: string | number;
}>;


export type DeleteVideoMutation = { readonly deleteVideo: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type ReorderVideosMutationVariables = Exact<{
  input: ReorderVideosInput;
}>;


export type ReorderVideosMutation = { readonly reorderVideos: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type StudioReviewsPageQueryVariables = Exact<{
  id: string | number;
  after?: string | null | undefined;
  rating?: number | null | undefined;
}>;


export type StudioReviewsPageQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly reviews: { readonly __typename: 'ReviewConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'ReviewEdge', readonly node: { readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } } | null };

export type ReplyToReviewMutationVariables = Exact<{
  input: ReplyToReviewInput;
}>;


export type ReplyToReviewMutation = { readonly replyToReview: { readonly __typename: 'ReviewPayload', readonly review: { readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DeleteReviewReplyMutationVariables = Exact<{
  reviewId: string | number;
}>;


export type DeleteReviewReplyMutation = { readonly deleteReviewReply: { readonly __typename: 'ReviewPayload', readonly review: { readonly __typename: 'Review', readonly id: string, readonly rating: number, readonly body: string, readonly createdAt: string, readonly updatedAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly avatarUrl: string | null }, readonly reply: { readonly __typename: 'ReviewReply', readonly body: string, readonly createdAt: string, readonly author: { readonly __typename: 'User', readonly id: string, readonly name: string } | null } | null } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type StudioPageQueryVariables = Exact<{
  status?: CourseStatus | null | undefined;
  after?: string | null | undefined;
}>;


export type StudioPageQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly name: string, readonly coursesTaught: { readonly __typename: 'CourseConnection', readonly totalCount: number, readonly edges: ReadonlyArray<{ readonly __typename: 'CourseEdge', readonly node: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly updatedAt: string, readonly enrollmentCount: number, readonly rating: number | null, readonly reviewCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type StudioFiguresQueryVariables = Exact<{ [key: string]: never; }>;


export type StudioFiguresQuery = { readonly instructorDashboard: { readonly __typename: 'InstructorDashboard', readonly coursesCount: number, readonly totalEnrollments: number, readonly totalCompletions: number, readonly averageRating: number | null, readonly enrollmentsOverTime: ReadonlyArray<{ readonly __typename: 'TimePoint', readonly at: string, readonly value: number }> } | null };

export type StudioCourseFragment = { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } };

export type StudioCoursePageQueryVariables = Exact<{
  id: string | number;
}>;


export type StudioCoursePageQuery = { readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly tags: ReadonlyArray<string>, readonly requirements: ReadonlyArray<string>, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly language: string | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number }, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } } | null, readonly categories: ReadonlyArray<{ readonly __typename: 'Category', readonly id: string, readonly name: string }> };

export type StudioDetailsFragment = { readonly __typename: 'Course', readonly tags: ReadonlyArray<string>, readonly requirements: ReadonlyArray<string>, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly language: string | null, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } };

export type StudioNewCourseQueryVariables = Exact<{ [key: string]: never; }>;


export type StudioNewCourseQuery = { readonly categories: ReadonlyArray<{ readonly __typename: 'Category', readonly id: string, readonly name: string }> };

export type CreateCourseMutationVariables = Exact<{
  input: CourseInput;
}>;


export type CreateCourseMutation = { readonly createCourse: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly instructor: { readonly __typename: 'User', readonly id: string } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type UpdateCourseMutationVariables = Exact<{
  input: UpdateCourseInput;
}>;


export type UpdateCourseMutation = { readonly updateCourse: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly tags: ReadonlyArray<string>, readonly requirements: ReadonlyArray<string>, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly language: string | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number }, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type PublishCourseMutationVariables = Exact<{
  id: string | number;
}>;


export type PublishCourseMutation = { readonly publishCourse: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type UnpublishCourseMutationVariables = Exact<{
  id: string | number;
}>;


export type UnpublishCourseMutation = { readonly unpublishCourse: { readonly __typename: 'CoursePayload', readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly status: CourseStatus, readonly viewerCanUpdate: boolean, readonly enrollmentCount: number, readonly reviewCount: number, readonly description: string, readonly learningOutcomes: ReadonlyArray<string>, readonly thumbnailUrl: string | null, readonly videos: { readonly __typename: 'VideoConnection', readonly totalCount: number } } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type DeleteCourseMutationVariables = Exact<{
  id: string | number;
}>;


export type DeleteCourseMutation = { readonly deleteCourse: { readonly __typename: 'DeleteCoursePayload', readonly deletedCourseId: string | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type SuggestQueryVariables = Exact<{
  prefix: string;
}>;


export type SuggestQuery = { readonly suggest: ReadonlyArray<{ readonly __typename: 'Suggestion', readonly kind: SuggestionKind, readonly text: string, readonly highlight: string, readonly course: { readonly __typename: 'Course', readonly slug: string } | null, readonly category: { readonly __typename: 'Category', readonly id: string } | null, readonly instructor: { readonly __typename: 'User', readonly id: string } | null }> };

export type WishlistPageQueryVariables = Exact<{ [key: string]: never; }>;


export type WishlistPageQuery = { readonly viewer: { readonly __typename: 'User', readonly id: string, readonly wishlist: { readonly __typename: 'WishlistConnection', readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly __typename: 'WishlistItem', readonly addedAt: string, readonly course: { readonly __typename: 'Course', readonly id: string, readonly slug: string, readonly title: string, readonly difficulty: Difficulty, readonly durationSeconds: number, readonly rating: number | null, readonly reviewCount: number, readonly enrollmentCount: number, readonly price: { readonly __typename: 'Money', readonly amount: string, readonly currencyCode: string }, readonly thumbnail: { readonly __typename: 'Image', readonly url: string, readonly width: number | null, readonly height: number | null, readonly thumbhash: string | null, readonly sources: ReadonlyArray<{ readonly __typename: 'ImageSource', readonly mimeType: string, readonly srcset: string }> } | null, readonly category: { readonly __typename: 'Category', readonly id: string, readonly name: string }, readonly instructor: { readonly __typename: 'User', readonly id: string, readonly name: string } } }> } | null } | null };

export type AddToWishlistMutationVariables = Exact<{
  courseId: string | number;
}>;


export type AddToWishlistMutation = { readonly addToWishlist: { readonly __typename: 'WishlistPayload', readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };

export type RemoveFromWishlistMutationVariables = Exact<{
  courseId: string | number;
}>;


export type RemoveFromWishlistMutation = { readonly removeFromWishlist: { readonly __typename: 'WishlistPayload', readonly course: { readonly __typename: 'Course', readonly id: string } | null, readonly userErrors: ReadonlyArray<{ readonly __typename: 'UserError', readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> }> } };
