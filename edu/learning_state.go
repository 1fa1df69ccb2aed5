package edu

// UserCourse is a user and a course.
type UserCourse struct{ UserID, CourseID int64 }

// LearningState is where a user is in a course.
type LearningState struct {
	UserCourse
	CompletedVideos  int
	RemainingSeconds int    // of the videos that are not completed
	NextVideo        *Video // to continue with; nil if all are completed
	LastVideo        *Video // watched last; nil if none was
}

// UserCourse returns the user and the course of the enrollment.
func (e *Enrollment) UserCourse() UserCourse { return UserCourse{e.UserID, e.CourseID} }
