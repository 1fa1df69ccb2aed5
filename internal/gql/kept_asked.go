package gql

import (
	"hash/maphash"
	"net/http"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/7p-education/api/internal/answers"
)

const (
	// maxAsked is how many bodies are remembered, and maxAskedBody the most bytes of
	// one: with their texts they take 16 MB at most.
	maxAsked     = 2_000
	maxAskedBody = 4 << 10
)

// asked is the body of a request, and what it asks for: the same whenever it comes.
// Once its answer was found it is remembered, and that answer is looked for before
// the body is decoded, its key made, or gqlgen called. It has a text and no
// extensions, as what those refer to may change.
type asked struct {
	body   string
	key    answers.Key
	name   string // of the operation that this chooses
	before bool   // it is remembered
}

// Gate is an extension that looks at the text of every operation.
type Gate interface {
	graphql.OperationParameterMutator
	// Open tells whether it lets through, as they are, all operations that bring their
	// text and no extensions.
	Open() bool
}

// askedBefore are the bodies that are remembered. It is safe for concurrent use; nil
// remembers nothing.
type askedBefore struct {
	answers *answers.Answers
	gates   []Gate
	seed    maphash.Seed
	kept    *lru.Cache[uint64, *asked] // by the hashes of the bodies
}

// newAskedBefore returns nil where an extension must be asked each time.
func newAskedBefore(in *answers.Answers, extensions []graphql.HandlerExtension) *askedBefore {
	kept, err := lru.New[uint64, *asked](maxAsked)
	if err != nil {
		panic(err) // of a size below 1
	}
	b := &askedBefore{answers: in, seed: maphash.MakeSeed(), kept: kept}
	for _, e := range extensions {
		if _, looks := e.(graphql.OperationParameterMutator); !looks {
			continue
		}
		gate, ok := e.(Gate)
		if !ok {
			return nil
		}
		b.gates = append(b.gates, gate)
	}
	return b
}

// takes tells whether a body can be remembered.
func (b *askedBefore) takes(body []byte) bool {
	return b != nil && len(body) <= maxAskedBody && !slices.ContainsFunc(b.gates, func(g Gate) bool { return !g.Open() })
}

// find returns what is remembered of a body, nil for nothing.
func (b *askedBefore) find(body []byte) *asked {
	if !b.takes(body) {
		return nil
	}
	if a, ok := b.kept.Get(maphash.Bytes(b.seed, body)); ok && a.body == string(body) {
		return a
	}
	return nil
}

// candidate returns what may come to be remembered of a body, nil for nothing.
func (b *askedBefore) candidate(body []byte, p *graphql.RawParams) *asked {
	if !b.takes(body) || p == nil || p.Query == "" || p.Extensions != nil {
		return nil
	}
	return &asked{body: string(body)}
}

// remember remembers the body of a visit whose answer was found.
func (b *askedBefore) remember(v *visit) {
	a := v.asked
	if b == nil || a == nil || a.before {
		return
	}
	a.key, a.name, a.before = v.key, v.name, true
	b.kept.Add(maphash.String(b.seed, a.body), a)
}

// look looks for the answer to a request that is remembered. It returns the
// parameters of one that has to be executed, nil where the answer was found.
func (b *askedBefore) look(r *http.Request, v *visit) *graphql.RawParams {
	if costAsked(r.Header) || !v.ask(r.Context(), b.answers, v.asked.key, v.asked.name) {
		return v.asked.params(r.Header)
	}
	if v.q.Renew {
		v.params = v.asked.params(r.Header)
	}
	return nil
}

// params are those of the request, decoded anew as running changes the variables.
func (a *asked) params(headers http.Header) *graphql.RawParams {
	in, _ := decodeBody([]byte(a.body), 0) // it was decoded before
	in.params.Headers = headers
	return in.params
}
