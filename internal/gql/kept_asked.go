package gql

import (
	"hash/maphash"

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
// Once its answer was found it is remembered, and neither is it decoded again then,
// nor its key made, nor its policy looked up. It has a text and no extensions, as
// what those refer to may change.
type asked struct {
	body            string
	text, operation string
	key             answers.Key
	name            string // of the operation that this chooses
	before          bool   // it is remembered
}

// askedBefore are the bodies that are remembered. It is safe for concurrent use; nil
// remembers nothing.
type askedBefore struct {
	seed maphash.Seed
	kept *lru.Cache[uint64, *asked] // by the hashes of the bodies
}

func newAskedBefore() *askedBefore {
	kept, err := lru.New[uint64, *asked](maxAsked)
	if err != nil {
		panic(err) // of a size below 1
	}
	return &askedBefore{seed: maphash.MakeSeed(), kept: kept}
}

// find returns what is remembered of a body, nil for nothing.
func (b *askedBefore) find(body []byte) *asked {
	if b == nil || len(body) > maxAskedBody {
		return nil
	}
	if a, ok := b.kept.Get(maphash.Bytes(b.seed, body)); ok && a.body == string(body) {
		return a
	}
	return nil
}

// candidate returns what may come to be remembered of a body, nil for nothing.
func (b *askedBefore) candidate(body []byte, p *graphql.RawParams) *asked {
	if b == nil || len(body) > maxAskedBody || p == nil || p.Query == "" || p.Extensions != nil {
		return nil
	}
	return &asked{body: string(body), text: p.Query, operation: p.OperationName}
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

// params are those of the request, but for the variables: see restore.
func (a *asked) params() *graphql.RawParams {
	return &graphql.RawParams{Query: a.text, OperationName: a.operation}
}

// restore gives the variables to the parameters of an operation that will run. They
// are decoded anew, as running changes them.
func (a *asked) restore(p *graphql.RawParams) {
	if in, _ := decodeBody([]byte(a.body), 0); in.params != nil { // it was decoded before
		p.Variables = in.params.Variables
	}
}
