package admit_test

import (
	"errors"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/admit"
	"github.com/7p-education/api/internal/admit/hostile"
)

// codeOf admits a text and each of its operations, and returns the code of what is
// refused.
func codeOf(p *admit.Policy, text string) string {
	d, err := p.Document(text)
	if refusal, ok := errors.AsType[*admit.Refusal](err); ok {
		return string(refusal.Code)
	}
	if _, ok := errors.AsType[*gqlerror.Error](err); ok {
		return hostile.ParseFailed
	}
	for _, op := range d.Query.Operations {
		if _, refusal := d.Cost(op.Name, nil); refusal != nil {
			return string(refusal.Code)
		}
	}
	return hostile.Admitted
}

func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	p := policy(t, contractSchema(t), strict())
	for _, d := range hostile.Documents() {
		if got := codeOf(p, d.Text); got != d.Code {
			t.Errorf("%s: refused with %q, want %q: %.200s", d.Name, got, d.Code, d.Text)
		}
	}
}
