package edu

// Limits of the arguments of dashboards.
const (
	MaxDays     = 3650
	MaxListSize = 50
)

// ValidateDays validates the length of a time window in days, 1 to MaxDays.
func ValidateDays(n int) (int, error) { return validateRange("days", n, 1, MaxDays) }

// Dashboard is the learning dashboard of a student. Each of its fields is read separately.
type Dashboard struct{ UserID int64 }

// DashboardCounts holds the number of a student's enrollments by state.
type DashboardCounts struct{ Enrolled, InProgress, Completed int }

// InstructorDashboard is the dashboard of an instructor's courses, drafts included.
type InstructorDashboard struct{ InstructorID int64 }

// InstructorTotals holds the sums over an instructor's courses.
type InstructorTotals struct {
	Courses       int
	Enrollments   int
	Completions   int
	AverageRating *float64
}

// PlatformDashboard is the dashboard of the platform.
type PlatformDashboard struct{}

// PlatformTotals holds the sums over the platform.
type PlatformTotals struct{ Users, PublishedCourses, Enrollments, Completions int }
