package resolvers

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/store"
)

// Limits of what instructors write, as the schema documents them.
const (
	maxTitleLength       = 200
	maxDescriptionLength = 20_000
	maxTags              = 20
	maxTagLength         = 50
	maxCourseLines       = 20 // learning outcomes, and requirements
	maxCourseLineLength  = 200
	maxCourseDuration    = 31_536_000 // seconds: a year
	maxVideoDuration     = 86_400     // seconds: a day
	maxURLLength         = 2_000
	maxImportedCourses   = 10_000
	maxPublishedCourses  = 100
)

// validateCourse validates a new course and derives its slug.
func validateCourse(in validate.Input, input *graph.CourseInput) edu.Course {
	c := edu.Course{
		Title:       in.ValidateLine("title", input.Title, 1, maxTitleLength),
		Description: in.ValidateText("description", input.Description, 0, maxDescriptionLength),
		Tags:        validateTags(in, input.Tags),
		Difficulty:  edu.DifficultyBeginner,
		Price:       edu.Money{Amount: in.ValidateAmount("priceAmount", input.PriceAmount)},
		CategoryID:  in.ValidateID("categoryId", input.CategoryID, edu.KindCategory),

		LearningOutcomes: validateLines(in, "learningOutcomes", input.LearningOutcomes),
		Requirements:     validateLines(in, "requirements", input.Requirements),
	}
	c.Slug = validate.Slugify(c.Title)
	if input.Difficulty != nil {
		c.Difficulty = *input.Difficulty
	}
	if input.DurationSeconds != nil {
		c.DurationSeconds = in.ValidateRange("durationSeconds", *input.DurationSeconds, 0, maxCourseDuration)
	}
	if input.ThumbnailURL != nil {
		thumbnail := in.ValidateURL("thumbnailUrl", *input.ThumbnailURL, maxURLLength)
		c.ThumbnailURL = &thumbnail
	}
	if input.Language != nil {
		tag := validateLanguage(in, "language", *input.Language)
		c.Language = &tag
	}
	return c
}

// validateImport validates new courses. It stops when the limit of reported problems is reached.
func validateImport(in validate.Input, list []*graph.CourseInput) []edu.Course {
	in.ValidateCount("courses", len(list), 1, maxImportedCourses)
	if len(list) > maxImportedCourses {
		return nil
	}
	courses := make([]edu.Course, 0, len(list))
	for i, input := range list {
		if in.LimitReached() {
			break
		}
		courses = append(courses, validateCourse(in.AtPath("courses", i), input))
	}
	return courses
}

// validateCourseUpdate validates the changes to a course and returns the columns that change. The
// category's id is 0 if the category stays.
func validateCourseUpdate(in validate.Input, input *graph.UpdateCourseInput) (c edu.Course, set edu.Columns) {
	c.ID = in.ValidateID("id", input.ID, edu.KindCourse)
	if input.Title != nil {
		c.Title, set = in.ValidateLine("title", *input.Title, 1, maxTitleLength), set|edu.CourseTitle
	}
	if input.Description != nil {
		c.Description, set = in.ValidateText("description", *input.Description, 0, maxDescriptionLength), set|edu.CourseDescription
	}
	if input.Tags != nil {
		c.Tags, set = validateTags(in, input.Tags), set|edu.CourseTags
	}
	if input.LearningOutcomes != nil {
		c.LearningOutcomes, set = validateLines(in, "learningOutcomes", input.LearningOutcomes), set|edu.CourseLearningOutcomes
	}
	if input.Requirements != nil {
		c.Requirements, set = validateLines(in, "requirements", input.Requirements), set|edu.CourseRequirements
	}
	if input.Difficulty != nil {
		c.Difficulty, set = *input.Difficulty, set|edu.CourseDifficulty
	}
	if input.PriceAmount != nil {
		c.Price.Amount, set = in.ValidateAmount("priceAmount", *input.PriceAmount), set|edu.CoursePrice
	}
	if input.DurationSeconds != nil {
		c.DurationSeconds, set = in.ValidateRange("durationSeconds", *input.DurationSeconds, 0, maxCourseDuration), set|edu.CourseDuration
	}
	if address, present := input.ThumbnailURL.ValueOK(); present {
		set |= edu.CourseThumbnail
		if address != nil {
			thumbnail := in.ValidateURL("thumbnailUrl", *address, maxURLLength)
			c.ThumbnailURL = &thumbnail
		}
	}
	if tag, present := input.Language.ValueOK(); present {
		set |= edu.CourseLanguage
		if tag != nil {
			canonical := validateLanguage(in, "language", *tag)
			c.Language = &canonical
		}
	}
	if input.CategoryID != nil {
		c.CategoryID = in.ValidateID("categoryId", *input.CategoryID, edu.KindCategory)
	}
	return c, set
}

// validateTags validates the tags of a course, removes blanks around them and converts them to lower
// case. Duplicates are dropped, so that they do not fail an import of thousands of courses.
func validateTags(in validate.Input, list []string) []string {
	in.ValidateCount("tags", len(list), 0, maxTags)
	unique := make([]string, 0, min(len(list), maxTags))
	for i, text := range list[:min(len(list), maxTags)] {
		tag := in.AtPath("tags").ValidateLine(strconv.Itoa(i), strings.ToLower(strings.TrimSpace(text)), 1, maxTagLength)
		if !slices.Contains(unique, tag) {
			unique = append(unique, tag)
		}
	}
	return unique
}

// validateLines validates the learning outcomes or the requirements of a course, and removes blanks around them.
func validateLines(in validate.Input, field string, list []string) []string {
	in.ValidateCount(field, len(list), 0, maxCourseLines)
	lines := make([]string, 0, min(len(list), maxCourseLines))
	for i, text := range list[:cap(lines)] {
		lines = append(lines, in.AtPath(field).ValidateLine(strconv.Itoa(i), strings.TrimSpace(text), 1, maxCourseLineLength))
	}
	return lines
}

// loadCoursePayload returns the payload of a write on a course: the course, or the problems that prevented
// the write.
func loadCoursePayload(ctx context.Context, id int64, problems []*edu.UserError, err error) (*graph.CoursePayload, error) {
	if err != nil || problems != nil {
		return &graph.CoursePayload{UserErrors: problems}, err
	}
	course, err := loadWrittenCourse(ctx, id, payloadSelection(ctx, "CoursePayload", "course"))
	return &graph.CoursePayload{Course: course}, err
}

// setCoursePublished publishes or unpublishes a course.
func setCoursePublished(ctx context.Context, id edu.ID, published bool) (*graph.CoursePayload, error) {
	in := validate.New()
	key := in.ValidateID("id", id, edu.KindCourse)
	problems, err := executeWrite(ctx, in, func(s *store.Store, v edu.Viewer) error {
		return s.SetCoursePublished(ctx, v, key, published, in.FieldPath("id"))
	})
	return loadCoursePayload(ctx, key, problems, err)
}
