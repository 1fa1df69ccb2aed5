package edu

// Columns is a set of what is read of a row. Keys and what policies ask for are
// always read; the rest only where it is wanted, because most of a row's cost is
// in its columns.
type Columns uint32

// What can be wanted of a course. Its id, instructor, category and whether it is
// published are always read.
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
)

// What can be wanted of a user; the id is always read. UserPrivateColumns is all of
// User.Private.
const (
	UserName Columns = 1 << iota
	UserAvatar
	UserRole
	UserCreatedAt
	UserPrivateColumns
)

// What can be wanted of a review; its id, course and author are always read.
const (
	ReviewRating Columns = 1 << iota
	ReviewBody
	ReviewCreatedAt
)

// AllColumns is all columns of a row.
const AllColumns = ^Columns(0)

// HasAny tells whether any of some columns is in the set.
func (c Columns) HasAny(some Columns) bool { return c&some != 0 }
