package limits_test

import (
	"errors"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/limits/hostile"
)

// checkText checks a text and each of its operations, and returns the code of the first
// rejection, hostile.Accepted for none.
func checkText(p *limits.Policy, text string) string {
	d, err := p.ParseDocument(text)
	if rejection, ok := errors.AsType[*limits.Rejection](err); ok {
		return string(rejection.Code)
	}
	if _, ok := errors.AsType[*gqlerror.Error](err); ok {
		return hostile.ParseFailed
	}
	for _, op := range d.Query.Operations {
		if _, rejection := d.CheckCost(op.Name, nil); rejection != nil {
			return string(rejection.Code)
		}
	}
	return hostile.Accepted
}

func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	for _, d := range hostile.LoadDocuments() {
		if got := checkText(p, d.Text); got != d.Code {
			t.Errorf("%s: rejected with %q, want %q: %.200s", d.Name, got, d.Code, d.Text)
		}
	}
}
