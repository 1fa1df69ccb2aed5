package respcache

import "github.com/vektah/gqlparser/v2/ast"

// policyReasons are the fields that decide the policy of an operation, nil for none.
type policyReasons struct {
	maxAge  *ast.Field // the first with the smallest maximum age
	private *ast.Field // the first that is private
}

// policyReasons returns the reasons of an OperationPolicy.
func (p *Policies) policyReasons(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) policyReasons {
	return p.walkOperation(doc, op, variables).reasons
}

// recordReason records a field if it has made the policy stricter.
func (w *policyWalk) recordReason(f *ast.Field, before cacheHint) {
	if w.combined.scope != before.scope {
		w.reasons.private = f
	}
	if age := w.combined.maxAge; age != nil && (before.maxAge == nil || *age < *before.maxAge) {
		w.reasons.maxAge = f
	}
}

// coordinate returns a field as Type.field.
func coordinate(f *ast.Field) string {
	if f == nil || f.ObjectDefinition == nil {
		return ""
	}
	return f.ObjectDefinition.Name + "." + f.Name
}
