package gql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/cache"
)

// extensionPersisted is where a request carries the hash of its text.
const extensionPersisted = "persistedQuery"

// NewAPQ returns the extension of automatic persisted queries, version 1 of
// Apollo's protocol: a client sends the SHA-256 of a text instead of the text,
// and both once where the answer is PersistedQueryNotFound. Texts are kept in
// store for ttl after their last use.
//
// It stands after whatever else may refuse an operation, as it keeps a text only
// once that was parsed and validated and let through by the extensions before it:
// nobody can fill the store with what would never run.
func NewAPQ(store cache.Store, ttl time.Duration) graphql.HandlerExtension {
	return apq{store: store, ttl: ttl}
}

type apq struct {
	store cache.Store
	ttl   time.Duration
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = apq{}

// ExtensionName returns the name that the hash of a text to be kept has among an
// operation's statistics.
func (apq) ExtensionName() string { return "AutomaticPersistedQueries" }

// Validate accepts every schema.
func (apq) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters finds the text where a request has only its hash, and
// otherwise makes sure that they fit. A store in trouble looks like one that does
// not know the text: then the client sends it.
func (a apq) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	given := p.Extensions[extensionPersisted]
	if given == nil {
		return needsText(p)
	}
	hash, err := hashOf(given)
	if err != nil {
		return err
	}
	if p.Query == "" {
		text, ok := a.store.Get(ctx, keyOf(hash), a.ttl)
		if !ok {
			return coded(codePersistedNotFound, "PersistedQueryNotFound")
		}
		p.Query = string(text)
		return nil
	}
	if sum := sha256.Sum256([]byte(p.Query)); hex.EncodeToString(sum[:]) != hash {
		return coded(codePersistedMismatch, "provided sha does not match query")
	}
	graphql.GetOperationContext(ctx).Stats.SetExtension(a.ExtensionName(), hash)
	return nil
}

// MutateOperationContext keeps the text of an operation that may run.
func (a apq) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	hash, ok := op.Stats.GetExtension(a.ExtensionName()).(string)
	if !ok {
		return nil
	}
	// Some clients send both each time, which should not become a write each time.
	if _, known := a.store.Get(ctx, keyOf(hash), a.ttl); !known {
		a.store.Set(ctx, keyOf(hash), []byte(op.RawQuery), a.ttl)
	}
	return nil
}

func keyOf(hash string) string { return "apq:" + hash }

// NoAPQ returns the extension of a server without persisted queries. It tells
// clients, in the words that they know, to send texts without a hash.
func NoAPQ() graphql.HandlerExtension { return noAPQ{} }

type noAPQ struct{}

var _ graphql.OperationParameterMutator = noAPQ{}

// ExtensionName returns the name of the extension.
func (noAPQ) ExtensionName() string { return "NoPersistedQueries" }

// Validate accepts every schema.
func (noAPQ) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses every request that has a hash.
func (noAPQ) MutateOperationParameters(_ context.Context, p *graphql.RawParams) *gqlerror.Error {
	if p.Extensions[extensionPersisted] != nil {
		return coded(codePersistedNotSupported, "PersistedQueryNotSupported")
	}
	return needsText(p)
}

func needsText(p *graphql.RawParams) *gqlerror.Error {
	if p.Query != "" {
		return nil
	}
	return coded(codeBadRequest, "give the text of the operation as \"query\", or its hash as extensions.persistedQuery")
}

// hashOf returns the hash that a request carries, once it is known to be one: it
// becomes a key of the store.
func hashOf(given any) (string, *gqlerror.Error) {
	o, ok := given.(map[string]any)
	if !ok {
		return "", coded(codeBadRequest, `extensions.persistedQuery must be an object such as {"version":1,"sha256Hash":"…"}`)
	}
	version, _ := o["version"].(json.Number)
	if n, err := version.Float64(); err != nil || n != 1 {
		return "", coded(codeBadRequest, "Unsupported persisted query version: extensions.persistedQuery.version must be 1")
	}
	hash, _ := o["sha256Hash"].(string)
	if !isSHA256(hash) {
		return "", coded(codeBadRequest, "extensions.persistedQuery.sha256Hash must be the SHA-256 of the query's text in 64 lower-case hex digits")
	}
	return hash, nil
}

func isSHA256(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func coded(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}
