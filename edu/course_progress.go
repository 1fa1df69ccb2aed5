package edu

// CourseProgress is the progress of all students of a course.
type CourseProgress struct {
	CourseID                        int64
	Enrolled, InProgress, Completed int
	AverageProgress                 *float64 // percent; nil without enrollments
}

// NotStarted returns the number of enrollments without progress.
func (p *CourseProgress) NotStarted() int { return p.Enrolled - p.InProgress - p.Completed }
