package edu

// CourseStatus is the publication state of a course.
type CourseStatus string

// The states of a course.
const (
	CourseDraft     CourseStatus = "DRAFT" // never published
	CoursePublished CourseStatus = "PUBLISHED"
	CourseArchived  CourseStatus = "ARCHIVED" // unpublished after it was published
)

// Status returns the publication state of the course.
func (c *Course) Status() CourseStatus {
	switch {
	case c.Published:
		return CoursePublished
	case c.PublishedAt != nil:
		return CourseArchived
	default:
		return CourseDraft
	}
}

// TaughtCourses selects the courses of an instructor by state, and their order. An empty status selects all.
type TaughtCourses struct {
	Drafts bool // whether courses are included that are not published
	Status CourseStatus
	Order  CourseOrder
}
