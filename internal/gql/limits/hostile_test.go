package limits_test

import (
	"errors"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/limits/hostile"
)

// codeOf admits a text and each of its operations, and returns the code of what is
// refused.
func codeOf(p *limits.Policy, text string) string {
	d, err := p.ParseDocument(text)
	if refusal, ok := errors.AsType[*limits.Rejection](err); ok {
		return string(refusal.Code)
	}
	if _, ok := errors.AsType[*gqlerror.Error](err); ok {
		return hostile.ParseFailed
	}
	for _, op := range d.Query.Operations {
		if _, refusal := d.CheckCost(op.Name, nil); refusal != nil {
			return string(refusal.Code)
		}
	}
	return hostile.Accepted
}

func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	p := policy(t, contractSchema(t), strict())
	for _, d := range hostile.LoadDocuments() {
		if got := codeOf(p, d.Text); got != d.Code {
			t.Errorf("%s: refused with %q, want %q: %.200s", d.Name, got, d.Code, d.Text)
		}
	}
}
