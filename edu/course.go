package edu

import "time"

// Difficulty is the prior knowledge that a course assumes.
type Difficulty string

// The difficulties, from the lowest to the highest.
const (
	DifficultyBeginner     Difficulty = "BEGINNER"
	DifficultyIntermediate Difficulty = "INTERMEDIATE"
	DifficultyAdvanced     Difficulty = "ADVANCED"
)

// Course is a course. Only the columns that were requested are set: see Columns.
type Course struct {
	ID               int64
	Slug             string
	Title            string
	Description      string
	Tags             []string
	LearningOutcomes []string
	Requirements     []string
	Difficulty       Difficulty
	Price            Money
	DurationSeconds  int
	ThumbnailURL     *string
	Language         *string // a BCP 47 language tag
	Published        bool
	PublishedAt      *time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time
	InstructorID     int64
	CategoryID       int64
	Rating           *float64
	ReviewCount      int
	RatingCounts     []int // of the ratings 1 to 5
	EnrollmentCount  int
	VideoCount       int
}

// GlobalID returns the global id of the course.
func (c *Course) GlobalID() ID { return NewID(KindCourse, c.ID) }

// IsNode marks a Course as a Node of the GraphQL schema.
func (*Course) IsNode() {}

// VisibleTo reports whether a viewer may see the course. Published courses are visible to all
// viewers, drafts to their instructor and to admins only.
func (c *Course) VisibleTo(v Principal) bool { return c.Published || v.CanManageCourse(c) }
