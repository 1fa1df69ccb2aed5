// Written by `npm run generate`. Do not edit.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Prior knowledge a course assumes. */
export type Difficulty =
  /** No prior knowledge required. */
  | 'BEGINNER'
  /** Familiarity with the basics. */
  | 'INTERMEDIATE'
  /** Practical experience. */
  | 'ADVANCED';

/** Whether a course is free or paid. */
export type PriceFilter =
  /** Price of zero. */
  | 'FREE'
  /** Price above zero. */
  | 'PAID';

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

/** Status of an enrollment. */
export type EnrollmentStatus =
  /** No progress yet. */
  | 'NOT_STARTED'
  /** Progress above 0, not completed. */
  | 'IN_PROGRESS'
  /** Progress of 100, or completedAt is set. */
  | 'COMPLETED';

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
