package gql

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/response"
)

// Where a request carries the hash of its text, and the id of a document; the
// latter comes from the parameter of that name.
const (
	extensionPersistedQuery = "persistedQuery"
	extensionDocumentID     = "documentId"
)

// PersistedMode is which texts are run.
type PersistedMode string

// The modes, each stricter than the one before. A schema is closed by going from
// one to the next: log tells what the list still lacks.
const (
	PersistedAPQ      PersistedMode = "apq"      // all, and clients may register theirs
	PersistedLog      PersistedMode = "log"      // the same, and what is not in the list is logged
	PersistedSafelist PersistedMode = "safelist" // those in the list, by text too
	PersistedTrusted  PersistedMode = "trusted"  // those in the list, by their ids only
	PersistedOff      PersistedMode = "off"      // all, by text only
)

// Persisted is the extension of persisted operations: automatic persisted queries,
// version 1 of Apollo's protocol, and trusted documents, in Apollo's form and as
// documentId of the GraphQL over HTTP proposal.
//
// It stands after whatever else may refuse an operation, as it keeps a text only
// once that was parsed and validated and let through by the extensions before it:
// nobody can fill the store with what would never run.
type Persisted struct {
	Mode PersistedMode
	// Store keeps registered texts, for TTL after their last use. In trouble it
	// looks like one that does not know the text: then the client sends it.
	Store cache.Store
	TTL   time.Duration
	// Documents are the trusted ones, Uses counts who still uses them.
	Documents *persisted.List
	Uses      *persisted.UsageCounter
	Log       *slog.Logger

	loggedTexts seenTexts
	stats       struct{ registered, hits, misses, mismatches, unknown, retired atomic.Uint64 }
}

// PersistedStats are counts since the start.
type PersistedStats struct {
	Registered uint64 // texts that were kept
	Hits       uint64 // requests by an id or a hash that was known
	Misses     uint64 // requests by one that was not
	Mismatches uint64 // texts with the hash of another
	Unknown    uint64 // texts that are in no list, where that matters
	Retired    uint64 // requests that were told to update
}

// Stats returns the counts.
func (p *Persisted) Stats() PersistedStats {
	s := &p.stats
	return PersistedStats{
		Registered: s.registered.Load(), Hits: s.hits.Load(), Misses: s.misses.Load(),
		Mismatches: s.mismatches.Load(), Unknown: s.unknown.Load(), Retired: s.retired.Load(),
	}
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = (*Persisted)(nil)

// ExtensionName returns the name that the hash of a text to be kept has among an
// operation's statistics.
func (*Persisted) ExtensionName() string { return "PersistedQueries" }

// Validate accepts every schema.
func (*Persisted) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters finds the text where a request has only its hash or
// id, and otherwise makes sure that they fit and that the text may be run.
func (p *Persisted) MutateOperationParameters(ctx context.Context, r *graphql.RawParams) *gqlerror.Error {
	if v := lookupFromContext(ctx); v != nil && v.revalidating { // of a text that was let through before
		return nil
	}
	id, hash, err := parseReferences(r)
	switch {
	case err != nil:
		return err
	case p.Mode == PersistedOff && id+hash != "":
		return response.ErrorWithCode(response.CodePersistedQueryNotSupported, "PersistedQueryNotSupported")
	case id+hash == "" && r.Query == "":
		return response.ErrorWithCode(response.CodeBadRequest, "give the text of the operation as \"query\", its hash as extensions.persistedQuery, or its \"documentId\"")
	case r.Query == "":
		return p.findDocument(ctx, r, id, hash)
	case p.Mode == PersistedOff:
		return nil
	case p.Mode == PersistedTrusted && id+hash != "":
		return response.ErrorWithCode(response.CodeIDAndBody, "only documents of the list are run here: send the id without the text")
	case p.Mode == PersistedTrusted:
		return response.ErrorWithCode(response.CodePersistedQueryIDRequired, "only documents of the list are run here: send the id of one, and no text")
	case id != "":
		return response.ErrorWithCode(response.CodeBadRequest, "send a \"documentId\" or a \"query\", not both")
	}
	return p.checkText(ctx, r, hash)
}

// AcceptsAnyText tells whether all texts are run that come without a reference.
func (p *Persisted) AcceptsAnyText() bool {
	return p.Mode == PersistedOff || p.Mode == PersistedAPQ && p.Documents.Len() == 0
}

// parseReferences returns the id and the hash that a request carries.
func parseReferences(r *graphql.RawParams) (id, hash string, err *gqlerror.Error) {
	if given := r.Extensions[extensionPersistedQuery]; given != nil {
		if hash, err = parsePersistedHash(given); err != nil {
			return "", "", err
		}
	}
	id, _ = r.Extensions[extensionDocumentID].(string)
	prefix, rest, prefixed := strings.Cut(id, ":")
	if prefixed && prefix == "sha256" {
		if !isSHA256Hex(rest) {
			return "", "", response.ErrorWithCode(response.CodeBadRequest, "a documentId of sha256: goes on with 64 lower-case hex digits")
		}
		if hash != "" && hash != rest {
			return "", "", response.ErrorWithCode(response.CodeBadRequest, "the documentId and extensions.persistedQuery name different documents")
		}
		return id, rest, nil
	}
	if id != "" && hash != "" {
		return "", "", response.ErrorWithCode(response.CodeBadRequest, "send a documentId or extensions.persistedQuery, not both")
	}
	return id, hash, nil
}

// findDocument finds the text of a document by its id, or by its hash.
func (p *Persisted) findDocument(ctx context.Context, r *graphql.RawParams, id, hash string) *gqlerror.Error {
	ref := id
	if hash != "" {
		ref = hash
	}
	if d := p.Documents.FindByIDOrHash(ref); d != nil {
		p.stats.hits.Add(1)
		r.Query = d.Body
		return p.recordUse(r, d)
	}
	if p.Mode == PersistedTrusted || p.Mode == PersistedSafelist || hash == "" {
		p.stats.misses.Add(1)
		return response.ErrorWithCode(response.CodePersistedQueryNotInList, "Persisted query '"+truncateID(ref)+"' not found in the persisted query list")
	}
	text, ok := p.Store.Get(ctx, storeKey(hash), p.TTL)
	if !ok {
		p.stats.misses.Add(1)
		return response.ErrorWithCode(response.CodePersistedQueryNotFound, "PersistedQueryNotFound")
	}
	p.stats.hits.Add(1)
	r.Query = string(text)
	return nil
}

// checkText checks a text that was sent, with its hash or without.
func (p *Persisted) checkText(ctx context.Context, r *graphql.RawParams, hash string) *gqlerror.Error {
	if hash != "" && persisted.HashText(r.Query) != hash {
		p.stats.mismatches.Add(1)
		return response.ErrorWithCode(response.CodePersistedQueryMismatch, "provided sha does not match query")
	}
	if p.Mode == PersistedLog || p.Mode == PersistedSafelist || p.Documents.Len() > 0 {
		d := p.Documents.FindByText(r.Query)
		switch {
		case d != nil:
			return p.recordUse(r, d)
		case p.Mode == PersistedLog:
			p.stats.unknown.Add(1)
			p.logUnlistedText(ctx, r)
		case p.Mode == PersistedSafelist:
			p.stats.unknown.Add(1)
			return response.ErrorWithCode(response.CodeNotInSafelist, "this operation is not in the list of those that are run here")
		}
	}
	if hash != "" {
		graphql.GetOperationContext(ctx).Stats.SetExtension(p.ExtensionName(), hash)
	}
	return nil
}

// recordUse notes that a document is used, or tells that it is not to be any more.
func (p *Persisted) recordUse(r *graphql.RawParams, d *persisted.Document) *gqlerror.Error {
	client, version := clientNameVersion(r)
	p.Uses.RecordUsage(d.ID, client, version, time.Now())
	if d.RetiredAt == nil {
		return nil
	}
	p.stats.retired.Add(1)
	err := response.ErrorWithCode(response.CodePersistedQueryRetired, "this operation is retired: the version of the app that sends it is too old, update it")
	if d.MinimumVersion != "" {
		err.Extensions["minimumVersion"] = d.MinimumVersion
	}
	return err
}

// logUnlistedText logs a text that is not in the list, once, with what it may have been.
func (p *Persisted) logUnlistedText(ctx context.Context, r *graphql.RawParams) {
	hash := persisted.HashText(r.Query)
	if !p.loggedTexts.addUnseen(hash) {
		return
	}
	client, version := clientNameVersion(r)
	operation := r.OperationName
	if operation == "" {
		if d, err := persisted.NewDocument("", r.Query); err == nil {
			operation = d.Operation
		}
	}
	attrs := []any{"hash", hash, "operation", operation, "client", client, "client_version", version}
	if d := p.Documents.FindSimilar(operation, r.Query); d != nil {
		only, missing := persisted.CompareWords(r.Query, d)
		attrs = append(attrs, "nearest", d.ID, "nearest_operation", d.Operation, "only_here", only, "only_there", missing)
	}
	p.Log.WarnContext(ctx, "an operation is not in the list of documents", attrs...)
}

// clientNameVersion returns the name and the version of the client, as far as it tells.
func clientNameVersion(r *graphql.RawParams) (name, version string) {
	for _, prefix := range []string{"Apollographql-Client-", "Graphql-Client-"} {
		if name = r.Headers.Get(prefix + "Name"); name != "" {
			return name, r.Headers.Get(prefix + "Version")
		}
	}
	return "", ""
}

// MutateOperationContext keeps the text of an operation that may run.
func (p *Persisted) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	p.ObserveCacheHit(ctx, op.RawQuery)
	return nil
}

// ObserveCacheHit keeps the text of an operation that ran before.
func (p *Persisted) ObserveCacheHit(ctx context.Context, text string) {
	hash, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(p.ExtensionName()).(string)
	if !ok {
		return
	}
	// Some clients send both each time, which should not become a write each time.
	if _, known := p.Store.Get(ctx, storeKey(hash), p.TTL); !known {
		p.stats.registered.Add(1)
		p.Store.Set(ctx, storeKey(hash), []byte(text), p.TTL)
	}
}

func storeKey(hash string) string { return "apq:" + hash }

// parsePersistedHash returns the hash that a request carries, once it is known to be one: it
// becomes a key of the store.
func parsePersistedHash(given any) (string, *gqlerror.Error) {
	o, ok := given.(map[string]any)
	if !ok {
		return "", response.ErrorWithCode(response.CodeBadRequest, `extensions.persistedQuery must be an object such as {"version":1,"sha256Hash":"…"}`)
	}
	version, _ := o["version"].(json.Number)
	if n, err := version.Float64(); err != nil || n != 1 {
		return "", response.ErrorWithCode(response.CodeBadRequest, "Unsupported persisted query version: extensions.persistedQuery.version must be 1")
	}
	hash, _ := o["sha256Hash"].(string)
	if !isSHA256Hex(hash) {
		return "", response.ErrorWithCode(response.CodeBadRequest, "extensions.persistedQuery.sha256Hash must be the SHA-256 of the query's text in 64 lower-case hex digits")
	}
	return hash, nil
}

func isSHA256Hex(s string) bool {
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

func truncateID(id string) string {
	return strings.ToValidUTF8(id[:min(len(id), persisted.MaxIDBytes)], "")
}
