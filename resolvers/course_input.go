package resolvers

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/check"
	"github.com/7p-education/api/store"
)

// Limits of what authors write, as the schema tells them.
const (
	maxTitle         = 200
	maxDescription   = 20_000
	maxTags          = 20
	maxTag           = 50
	maxDuration      = 31_536_000 // seconds: a year
	maxVideoDuration = 86_400     // seconds: a day
	maxAddress       = 2_000
	maxImport        = 10_000
)

// newCourse checks a course that is to be made, and makes its slug.
func newCourse(in check.Checker, input *graph.CourseInput) edu.Course {
	c := edu.Course{
		Title:       in.Line("title", input.Title, 1, maxTitle),
		Description: in.Text("description", input.Description, 0, maxDescription),
		Tags:        tags(in, input.Tags),
		Difficulty:  edu.DifficultyBeginner,
		Price:       edu.Money{Amount: in.Amount("priceAmount", input.PriceAmount)},
		CategoryID:  in.Key("categoryId", input.CategoryID, edu.KindCategory),
	}
	c.Slug = check.Slug(c.Title)
	if input.Difficulty != nil {
		c.Difficulty = *input.Difficulty
	}
	if input.DurationSeconds != nil {
		c.DurationSeconds = in.Int("durationSeconds", *input.DurationSeconds, 0, maxDuration)
	}
	if input.ThumbnailURL != nil {
		address := in.URL("thumbnailUrl", *input.ThumbnailURL, maxAddress)
		c.ThumbnailURL = &address
	}
	return c
}

// newCourses checks courses that are to be made.
func newCourses(in check.Checker, list []*graph.CourseInput) []edu.Course {
	in.Count("courses", len(list), 1, maxImport)
	if len(list) > maxImport {
		return nil
	}
	courses := make([]edu.Course, 0, len(list))
	for i, input := range list {
		if in.Full() {
			break
		}
		courses = append(courses, newCourse(in.At("courses", i), input))
	}
	return courses
}

// changedCourse checks what is to be changed of a course, and returns which of its
// columns that is; the key of its category is 0 where that stays.
func changedCourse(in check.Checker, input *graph.UpdateCourseInput) (c edu.Course, set edu.Columns) {
	c.ID = in.Key("id", input.ID, edu.KindCourse)
	if input.Title != nil {
		c.Title, set = in.Line("title", *input.Title, 1, maxTitle), set|edu.CourseTitle
	}
	if input.Description != nil {
		c.Description, set = in.Text("description", *input.Description, 0, maxDescription), set|edu.CourseDescription
	}
	if input.Tags != nil {
		c.Tags, set = tags(in, input.Tags), set|edu.CourseTags
	}
	if input.Difficulty != nil {
		c.Difficulty, set = *input.Difficulty, set|edu.CourseDifficulty
	}
	if input.PriceAmount != nil {
		c.Price.Amount, set = in.Amount("priceAmount", *input.PriceAmount), set|edu.CoursePrice
	}
	if input.DurationSeconds != nil {
		c.DurationSeconds, set = in.Int("durationSeconds", *input.DurationSeconds, 0, maxDuration), set|edu.CourseDuration
	}
	if address, given := input.ThumbnailURL.ValueOK(); given {
		set |= edu.CourseThumbnail
		if address != nil {
			checked := in.URL("thumbnailUrl", *address, maxAddress)
			c.ThumbnailURL = &checked
		}
	}
	if input.CategoryID != nil {
		c.CategoryID = in.Key("categoryId", *input.CategoryID, edu.KindCategory)
	}
	return c, set
}

// tags checks the tags of a course and puts them into lower case, as filters look
// for them to the letter. One that is given twice says no more than once: it is
// dropped, for an import of thousands should not fail over that.
func tags(in check.Checker, list []string) []string {
	in.Count("tags", len(list), 0, maxTags)
	kept := make([]string, 0, min(len(list), maxTags))
	for i, text := range list[:min(len(list), maxTags)] {
		tag := in.At("tags").Line(strconv.Itoa(i), strings.ToLower(text), 1, maxTag)
		if !slices.Contains(kept, tag) {
			kept = append(kept, tag)
		}
	}
	return kept
}

// writtenCoursePayload reads the course that was written, or tells why none was.
func writtenCoursePayload(ctx context.Context, id int64, problems []*edu.UserError, err error) (*graph.CoursePayload, error) {
	if err != nil || problems != nil {
		return &graph.CoursePayload{UserErrors: problems}, err
	}
	written, err := writtenCourse(ctx, id, below(ctx, "CoursePayload", "course"))
	return &graph.CoursePayload{Course: written}, err
}

// setPublished shows a course, or hides it.
func setPublished(ctx context.Context, id edu.ID, published bool) (*graph.CoursePayload, error) {
	in := check.New()
	key := in.Key("id", id, edu.KindCourse)
	problems, err := write(ctx, in, func(s *store.Store, v edu.Viewer) error {
		return s.SetPublished(ctx, v, key, published, in.Path("id"))
	})
	return writtenCoursePayload(ctx, key, problems, err)
}
