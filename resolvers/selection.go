package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
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

// courses tells whether the long texts of the connection's courses are selected.
func (r rows) courses(op *graphql.OperationContext) bool {
	for _, sel := range r.nodes {
		if wantsText(op, sel) {
			return true
		}
	}
	return false
}

// wantsText tells whether the long texts of a course are selected.
func wantsText(op *graphql.OperationContext, sel ast.SelectionSet) bool {
	return selects(op, sel, typeCourse, "description", "tags")
}

// wantsBody tells whether the text of a review is selected.
func (r rows) wantsBody(op *graphql.OperationContext) bool {
	for _, sel := range r.nodes {
		if selects(op, sel, typeReview, "body") {
			return true
		}
	}
	return false
}

// wantsPrivate tells whether something is selected of a user that only they and
// admins may read, and the viewer may.
func wantsPrivate(op *graphql.OperationContext, sel ast.SelectionSet, v edu.Viewer, id int64) bool {
	return v.Owns(id) && selects(op, sel, typeUser, "email", "plan", "preferences", "lastLogin")
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
