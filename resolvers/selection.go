package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/loaders"
)

// collectFields returns the fields that a selection set selects on a type, without deferred ones. gqlgen caches the result in the operation, by selection set and types.
func collectFields(op *graphql.OperationContext, sel ast.SelectionSet, types []string) []graphql.CollectedField {
	return incremental.Collect(op, sel, types).Fields
}

// collectAllFields returns the fields that a selection set selects on a type, with deferred ones: the
// columns of a row are read at once.
func collectAllFields(op *graphql.OperationContext, sel ast.SelectionSet, types []string) []graphql.CollectedField {
	return graphql.CollectFields(op, sel, types)
}

// The type conditions of fragments that apply to each entity.
var (
	typeUser        = []string{"User", "Node"}
	typeCategory    = []string{"Category", "Node"}
	typeCourse      = []string{"Course", "Node"}
	typeSection     = []string{"Section", "Node"}
	typeVideo       = []string{"Video", "Node"}
	typeEnrollment  = []string{"Enrollment", "Node"}
	typeReview      = []string{"Review", "Node"}
	typeSuggestion  = []string{"Suggestion"}
	typeCertificate = []string{"Certificate", "Node"}
)

// connectionSelection is the selection on a connection: whether totalCount is selected, and the selection
// sets on its rows, through nodes and through edges.
type connectionSelection struct {
	totalCount     bool
	nodeSelections []ast.SelectionSet
	// columnSelections also has the selection sets on rows that are deferred with nodes or edges.
	columnSelections []ast.SelectionSet
}

// collectConnection returns the selection on a connection; name is the type of its rows, e.g. Course for a
// CourseConnection.
func collectConnection(op *graphql.OperationContext, sel ast.SelectionSet, name string) connectionSelection {
	c := connectionSelection{
		nodeSelections:   collectNodeSelections(op, sel, name, collectFields),
		columnSelections: collectNodeSelections(op, sel, name, collectAllFields),
	}
	c.totalCount = selectsAnyField(op, sel, []string{name + "Connection"}, "totalCount")
	return c
}

// collectNodeSelections returns the selection sets on the rows of a connection.
func collectNodeSelections(op *graphql.OperationContext, sel ast.SelectionSet, name string, collect func(*graphql.OperationContext, ast.SelectionSet, []string) []graphql.CollectedField) []ast.SelectionSet {
	var selections []ast.SelectionSet
	for _, f := range collect(op, sel, []string{name + "Connection"}) {
		switch f.Name {
		case "nodes":
			selections = append(selections, f.Selections)
		case "edges":
			for _, e := range collect(op, f.Selections, []string{name + "Edge"}) {
				if e.Name == "node" {
					selections = append(selections, e.Selections)
				}
			}
		}
	}
	return selections
}

// requiredColumns returns the columns of the connection's rows that its selection sets read.
func (c connectionSelection) requiredColumns(op *graphql.OperationContext, types []string, fieldColumns map[string]edu.Columns) edu.Columns {
	var required edu.Columns
	for _, sel := range c.columnSelections {
		required |= requiredColumns(op, sel, types, fieldColumns)
	}
	return required
}

// authorColumns returns the columns that the selections read of the authors of a connection's reviews, to
// be joined to the reviews. It returns 0 if the columns differ between selections or are private; the
// authors are then read by the user loader.
func (c connectionSelection) authorColumns(op *graphql.OperationContext) edu.Columns {
	var joined edu.Columns
	for _, sel := range c.nodeSelections {
		for _, f := range collectFields(op, sel, typeReview) {
			if f.Name != "author" {
				continue
			}
			required := requiredColumns(op, f.Selections, typeUser, userFieldColumns)
			if required.HasAny(edu.UserPrivateColumns) || (joined != 0 && joined != required) {
				return 0
			}
			joined = required
		}
	}
	return joined
}

// requiredColumns returns the columns of a row that a selection set reads.
func requiredColumns(op *graphql.OperationContext, sel ast.SelectionSet, types []string, fieldColumns map[string]edu.Columns) edu.Columns {
	var required edu.Columns
	for _, f := range collectAllFields(op, sel, types) {
		required |= fieldColumns[f.Name]
	}
	return required
}

// The columns that each field reads, in addition to the columns that are always read.
var (
	courseFieldColumns = map[string]edu.Columns{
		"slug": edu.CourseSlug, "title": edu.CourseTitle, "description": edu.CourseDescription, "tags": edu.CourseTags,
		"difficulty": edu.CourseDifficulty, "price": edu.CoursePrice, "durationSeconds": edu.CourseDuration,
		"thumbnailUrl": edu.CourseThumbnail, "publishedAt": edu.CoursePublishedAt, "createdAt": edu.CourseCreatedAt,
		"updatedAt": edu.CourseUpdatedAt, "rating": edu.CourseRating, "reviewCount": edu.CourseReviewCount,
		"enrollmentCount": edu.CourseEnrollmentCount, "language": edu.CourseLanguage,
		"thumbnail":       edu.CourseThumbnail | edu.CourseTitle,
		"ratingHistogram": edu.CourseRatingCounts, "status": edu.CoursePublishedAt,
		"learningOutcomes": edu.CourseLearningOutcomes, "requirements": edu.CourseRequirements,
		// totalCount of these connections is a counter of the course.
		"videos": edu.CourseVideoCount, "reviews": edu.CourseReviewCount, "enrollments": edu.CourseEnrollmentCount,
	}
	reviewFieldColumns = map[string]edu.Columns{
		"rating": edu.ReviewRating, "body": edu.ReviewBody, "createdAt": edu.ReviewCreatedAt,
		"updatedAt": edu.ReviewUpdatedAt, "reply": edu.ReviewReplyColumns,
	}
	userFieldColumns = map[string]edu.Columns{
		"name": edu.UserName, "avatarUrl": edu.UserAvatar, "role": edu.UserRole, "createdAt": edu.UserCreatedAt,
		"slug": edu.UserSlug, "instructorProfile": edu.UserRole | edu.UserProfileColumns,
		"email": edu.UserPrivateColumns, "plan": edu.UserPrivateColumns, "preferences": edu.UserPrivateColumns, "lastLogin": edu.UserPrivateColumns, "emailVerifiedAt": edu.UserPrivateColumns,
	}
)

// courseEntityKey returns a function that returns the loader key of a course with the selected columns.
func courseEntityKey(op *graphql.OperationContext, sel ast.SelectionSet) func(id int64) loaders.EntityKey {
	required := requiredColumns(op, sel, typeCourse, courseFieldColumns)
	return func(id int64) loaders.EntityKey { return loaders.EntityKey{ID: id, Columns: required} }
}

// userEntityKey returns a function that returns the loader key of a user with the selected columns that
// the viewer may read.
func userEntityKey(op *graphql.OperationContext, sel ast.SelectionSet, v edu.Principal) func(id int64) loaders.EntityKey {
	return userKey(requiredColumns(op, sel, typeUser, userFieldColumns), v)
}

// userKey returns a function that returns the loader key of a user with the columns that the viewer may
// read.
func userKey(required edu.Columns, v edu.Principal) func(id int64) loaders.EntityKey {
	return func(id int64) loaders.EntityKey {
		if required.HasAny(edu.UserPrivateColumns) && !v.CanAccessUser(id) {
			return loaders.EntityKey{ID: id, Columns: required &^ edu.UserPrivateColumns}
		}
		return loaders.EntityKey{ID: id, Columns: required}
	}
}

// selectsAnyField reports whether a selection set selects at least one of the named fields on a type.
func selectsAnyField(op *graphql.OperationContext, sel ast.SelectionSet, types []string, names ...string) bool {
	for _, f := range collectAllFields(op, sel, types) {
		for _, name := range names {
			if f.Name == name {
				return true
			}
		}
	}
	return false
}
