package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// fields returns what is selected of a type. The answer is remembered for the
// operation, by selection and type.
func fields(op *graphql.OperationContext, sel ast.SelectionSet, types []string) []graphql.CollectedField {
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

// rows is what is selected of a connection: whether its total is, and the
// selections on its rows, through nodes and through edges.
type rows struct {
	total bool
	nodes []ast.SelectionSet
}

// connection reads what is selected of a connection type, e.g. Course for a
// CourseConnection.
func connection(op *graphql.OperationContext, sel ast.SelectionSet, name string) rows {
	var r rows
	for _, f := range fields(op, sel, []string{name + "Connection"}) {
		switch f.Name {
		case "totalCount":
			r.total = true
		case "nodes":
			r.nodes = append(r.nodes, f.Selections)
		case "edges":
			for _, e := range fields(op, f.Selections, []string{name + "Edge"}) {
				if e.Name == "node" {
					r.nodes = append(r.nodes, e.Selections)
				}
			}
		}
	}
	return r
}

// columns is what the connection's rows must have, for all its selections.
func (r rows) columns(op *graphql.OperationContext, types []string, fields map[string]edu.Columns) edu.Columns {
	var want edu.Columns
	for _, sel := range r.nodes {
		want |= columns(op, sel, types, fields)
	}
	return want
}

// authors is what is selected of the authors of a connection's reviews, or
// nothing where that differs between selections or is private: then they are
// read on their own.
func (r rows) authors(op *graphql.OperationContext) edu.Columns {
	var all edu.Columns
	for _, sel := range r.nodes {
		for _, f := range fields(op, sel, typeReview) {
			if f.Name != "author" {
				continue
			}
			want := columns(op, f.Selections, typeUser, userFields)
			if want.Has(edu.UserPrivately) || (all != 0 && all != want) {
				return 0
			}
			all = want
		}
	}
	return all
}

// columns is what a row must have for what is selected of it.
func columns(op *graphql.OperationContext, sel ast.SelectionSet, types []string, of map[string]edu.Columns) edu.Columns {
	var want edu.Columns
	for _, f := range fields(op, sel, types) {
		want |= of[f.Name]
	}
	return want
}

// What each field takes of its row, but for what is always read.
var (
	courseFields = map[string]edu.Columns{
		"slug": edu.CourseSlug, "title": edu.CourseTitle, "description": edu.CourseDescription, "tags": edu.CourseTags,
		"difficulty": edu.CourseDifficulty, "price": edu.CoursePrice, "durationSeconds": edu.CourseDuration,
		"thumbnailUrl": edu.CourseThumbnail, "publishedAt": edu.CoursePublishedAt, "createdAt": edu.CourseCreatedAt,
		"updatedAt": edu.CourseUpdatedAt, "rating": edu.CourseRating, "reviewCount": edu.CourseReviewCount,
		"enrollmentCount": edu.CourseEnrollmentCount,
		// Their totals are the course's counters.
		"videos": edu.CourseVideoCount, "reviews": edu.CourseReviewCount, "enrollments": edu.CourseEnrollmentCount,
	}
	reviewFields = map[string]edu.Columns{"rating": edu.ReviewRating, "body": edu.ReviewBody, "createdAt": edu.ReviewCreatedAt}
	userFields   = map[string]edu.Columns{
		"name": edu.UserName, "avatarUrl": edu.UserAvatar, "role": edu.UserRole, "createdAt": edu.UserCreatedAt,
		"email": edu.UserPrivately, "plan": edu.UserPrivately, "preferences": edu.UserPrivately, "lastLogin": edu.UserPrivately,
	}
)

// courseDetail is the key of a course and of what is selected of it.
func courseDetail(op *graphql.OperationContext, sel ast.SelectionSet) func(id int64) loaders.Detail {
	want := columns(op, sel, typeCourse, courseFields)
	return func(id int64) loaders.Detail { return loaders.Detail{ID: id, Want: want} }
}

// userDetail is the key of a user and of what is selected of them, as far as the
// viewer may read it.
func userDetail(op *graphql.OperationContext, sel ast.SelectionSet, v edu.Asker) func(id int64) loaders.Detail {
	want := columns(op, sel, typeUser, userFields)
	return func(id int64) loaders.Detail {
		if want.Has(edu.UserPrivately) && !v.Owns(id) {
			return loaders.Detail{ID: id, Want: want &^ edu.UserPrivately}
		}
		return loaders.Detail{ID: id, Want: want}
	}
}

func selects(op *graphql.OperationContext, sel ast.SelectionSet, types []string, names ...string) bool {
	for _, f := range fields(op, sel, types) {
		for _, name := range names {
			if f.Name == name {
				return true
			}
		}
	}
	return false
}
