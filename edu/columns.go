package edu

// Columns is a set of columns of a row to read. Keys and the columns that policies need are always
// read. The others are read on request only, because most of the cost of a row is in its columns.
type Columns uint32

// The columns of a course. Its id, instructor, category and publication state are always read.
const (
	CourseSlug Columns = 1 << iota
	CourseTitle
	CourseDescription
	CourseTags
	CourseDifficulty
	CoursePrice
	CourseDuration
	CourseThumbnail
	CoursePublishedAt
	CourseCreatedAt
	CourseUpdatedAt
	CourseRating
	CourseReviewCount
	CourseEnrollmentCount
	CourseVideoCount
	CourseLanguage
	CourseRatingCounts
	CourseLearningOutcomes
	CourseRequirements
)

// The columns of a user. The id is always read. UserPrivateColumns selects all of User.Private.
const (
	UserName Columns = 1 << iota
	UserAvatar
	UserRole
	UserCreatedAt
	UserSlug
	UserProfileColumns
	UserPrivateColumns
)

// The columns of a review. Its id, course and author are always read.
const (
	ReviewRating Columns = 1 << iota
	ReviewBody
	ReviewCreatedAt
	ReviewUpdatedAt
	ReviewReplyColumns
)

// AllColumns selects all columns of a row.
const AllColumns = ^Columns(0)

// HasAny reports whether the set has at least one of some columns.
func (c Columns) HasAny(some Columns) bool { return c&some != 0 }
