package respcache

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// Verdict is what the cache does with the request that was explained, when it is sent without GraphQL-Explain.
type Verdict struct {
	// Result is hit, stale, miss or bypass.
	Result string `json:"result"`
	// Reason is why the cache is bypassed, or why the response is not stored, as the detail of Cache-Status has it.
	Reason string `json:"reason,omitempty"`
	// Field is the field that decides the maximum age, and PrivateField the first private field, as Type.field.
	Field        string `json:"field,omitempty"`
	PrivateField string `json:"privateField,omitempty"`
	// MaxAge is the maximum age in seconds, and Scope the viewers that share the response: all, role or viewer. Scope is ""
	// if the response is not stored.
	MaxAge int    `json:"maxAge"`
	Scope  string `json:"scope,omitempty"`
	// VariesBy is what the response was computed from besides rows: role, viewer, clock.
	VariesBy []string `json:"variesBy"`
	// TTL is how many seconds the entry is valid, for a hit.
	TTL int `json:"ttl,omitempty"`
	// Tags are the tags that the reads depended on, and TagsComplete is false if a read did not name all of its tags.
	Tags         []string `json:"tags"`
	TagsComplete bool     `json:"tagsComplete"`
}

// NewExplained returns the lookup of a request that is explained: it reports an entry, and neither uses nor stores one.
func NewExplained() *RequestLookup { return &RequestLookup{isExplained: true} }

// IsExplained reports whether the request is explained. It returns false for a nil lookup.
func (r *RequestLookup) IsExplained() bool { return r != nil && r.isExplained }

// inspect searches for an entry without a flight, and counts nothing.
func (c *Cache) inspect(ctx context.Context, k Key, v edu.Viewer) *Lookup {
	l := &Lookup{cache: c, key: k, viewer: v}
	l.lookupEntry(ctx)
	l.Release()
	return l
}

// Explain returns the verdict on an explained request with its response.
func (r *RequestLookup) Explain(ctx context.Context, resp *graphql.Response) Verdict {
	v := Verdict{
		Result: r.result.String(), Reason: r.detail, MaxAge: int(r.policy.MaxAge / time.Second), VariesBy: []string{},
		Field: coordinate(r.reasons.maxAge), PrivateField: coordinate(r.reasons.private),
		Tags: append([]string{}, r.tags.SortedNames()...), TagsComplete: r.tags.Complete(),
	}
	if r.result == Hit {
		v.TTL = int(r.Entry().TTL(time.Now()).Seconds())
		if r.lookup.Stale {
			v.Result = "stale"
		}
	}
	if r.trackedViewer == nil {
		if v.Reason == "" {
			v.Reason = detailRejected
		}
		return v
	}
	varyBy := r.trackedViewer.VaryBy()
	for i, name := range []string{"role", "viewer", "clock"} {
		if varyBy&[]edu.VaryBy{edu.VaryByRole, edu.VaryByViewer, edu.VaryByClock}[i] != 0 {
			v.VariesBy = append(v.VariesBy, name)
		}
	}
	if v.Reason == "" {
		v.describeEntry(Candidate{Policy: r.policy, VaryBy: varyBy, SignedIn: edu.ViewerFrom(ctx).SignedIn()}, resp)
	}
	return v
}

// describeEntry adds the entry that the response would be stored as, or why it would not be stored.
func (v *Verdict) describeEntry(c Candidate, resp *graphql.Response) {
	e, reason := c.BuildEntry()
	switch {
	case len(resp.Errors) > 0 || len(resp.Extensions) > 0:
		reason = detailErrors
	case reason != "":
	case !v.TagsComplete:
		reason = detailUntracked
	case response.EnvelopeSize(resp) > maxBodyBytes:
		reason = detailTooLarge
	default:
		v.MaxAge, v.Scope = int(e.MaxAge/time.Second), [...]string{"all", "role", "viewer"}[e.Scope]
	}
	v.Reason = reason
}
