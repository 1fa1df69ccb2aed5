package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// collectFields returns what is selected of a type. The answer is remembered for the
// operation, by selection and type.
func collectFields(op *graphql.OperationContext, sel ast.SelectionSet, types []string) []graphql.CollectedField {
	return graphql.CollectFields(op, sel, types)
}

// Types as fragments may name them.
var (
	typeUser       = []string{"User", "Node"}
	typeCategory   = []string{"Category", "Node"}
	typeCourse     = []string{"Course", "Node"}
	typeVideo      = []string{"Video", "Node"}
	typeEnrollment = []string{"Enrollment", "Node"}
	typeReview     = []string{"Review", "Node"}
)

// connectionSelection is what is selected of a connection: whether its total is, and the
// selections on its rows, through nodes and through edges.
type connectionSelection struct {
	totalCount     bool
	nodeSelections []ast.SelectionSet
}

// collectConnection reads what is selected of a connection type, e.g. Course for a
// CourseConnection.
func collectConnection(op *graphql.OperationContext, sel ast.SelectionSet, name string) connectionSelection {
	var r connectionSelection
	for _, f := range collectFields(op, sel, []string{name + "Connection"}) {
		switch f.Name {
		case "totalCount":
			r.totalCount = true
		case "nodes":
			r.nodeSelections = append(r.nodeSelections, f.Selections)
		case "edges":
			for _, e := range collectFields(op, f.Selections, []string{name + "Edge"}) {
				if e.Name == "node" {
					r.nodeSelections = append(r.nodeSelections, e.Selections)
				}
			}
		}
	}
	return r
}

// requiredColumns is what the connection's rows must have, for all its selections.
func (r connectionSelection) requiredColumns(op *graphql.OperationContext, types []string, fieldColumns map[string]edu.Columns) edu.Columns {
	var want edu.Columns
	for _, sel := range r.nodeSelections {
		want |= requiredColumns(op, sel, types, fieldColumns)
	}
	return want
}

// authorColumns is what is selected of the authors of a connection's reviews, or
// nothing where that differs between selections or is private: then they are
// read on their own.
func (r connectionSelection) authorColumns(op *graphql.OperationContext) edu.Columns {
	var all edu.Columns
	for _, sel := range r.nodeSelections {
		for _, f := range collectFields(op, sel, typeReview) {
			if f.Name != "author" {
				continue
			}
			want := requiredColumns(op, f.Selections, typeUser, userFieldColumns)
			if want.HasAny(edu.UserPrivateColumns) || (all != 0 && all != want) {
				return 0
			}
			all = want
		}
	}
	return all
}

// requiredColumns is what a row must have for what is selected of it.
func requiredColumns(op *graphql.OperationContext, sel ast.SelectionSet, types []string, fieldColumns map[string]edu.Columns) edu.Columns {
	var want edu.Columns
	for _, f := range collectFields(op, sel, types) {
		want |= fieldColumns[f.Name]
	}
	return want
}

// What each field takes of its row, but for what is always read.
var (
	courseFieldColumns = map[string]edu.Columns{
		"slug": edu.CourseSlug, "title": edu.CourseTitle, "description": edu.CourseDescription, "tags": edu.CourseTags,
		"difficulty": edu.CourseDifficulty, "price": edu.CoursePrice, "durationSeconds": edu.CourseDuration,
		"thumbnailUrl": edu.CourseThumbnail, "publishedAt": edu.CoursePublishedAt, "createdAt": edu.CourseCreatedAt,
		"updatedAt": edu.CourseUpdatedAt, "rating": edu.CourseRating, "reviewCount": edu.CourseReviewCount,
		"enrollmentCount": edu.CourseEnrollmentCount,
		// Their totals are the course's counters.
		"videos": edu.CourseVideoCount, "reviews": edu.CourseReviewCount, "enrollments": edu.CourseEnrollmentCount,
	}
	reviewFieldColumns = map[string]edu.Columns{"rating": edu.ReviewRating, "body": edu.ReviewBody, "createdAt": edu.ReviewCreatedAt}
	userFieldColumns   = map[string]edu.Columns{
		"name": edu.UserName, "avatarUrl": edu.UserAvatar, "role": edu.UserRole, "createdAt": edu.UserCreatedAt,
		"email": edu.UserPrivateColumns, "plan": edu.UserPrivateColumns, "preferences": edu.UserPrivateColumns, "lastLogin": edu.UserPrivateColumns,
	}
)

// courseEntityKey is the key of a course and of what is selected of it.
func courseEntityKey(op *graphql.OperationContext, sel ast.SelectionSet) func(id int64) loaders.EntityKey {
	want := requiredColumns(op, sel, typeCourse, courseFieldColumns)
	return func(id int64) loaders.EntityKey { return loaders.EntityKey{ID: id, Columns: want} }
}

// userEntityKey is the key of a user and of what is selected of them, as far as the
// viewer may read it.
func userEntityKey(op *graphql.OperationContext, sel ast.SelectionSet, v edu.Principal) func(id int64) loaders.EntityKey {
	want := requiredColumns(op, sel, typeUser, userFieldColumns)
	return func(id int64) loaders.EntityKey {
		if want.HasAny(edu.UserPrivateColumns) && !v.CanAccessUser(id) {
			return loaders.EntityKey{ID: id, Columns: want &^ edu.UserPrivateColumns}
		}
		return loaders.EntityKey{ID: id, Columns: want}
	}
}

func selectsAnyField(op *graphql.OperationContext, sel ast.SelectionSet, types []string, names ...string) bool {
	for _, f := range collectFields(op, sel, types) {
		for _, name := range names {
			if f.Name == name {
				return true
			}
		}
	}
	return false
}
