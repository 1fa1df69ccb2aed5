package persisted

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/observe"
)

// Mode decides which texts are executed.
type Mode string

// The modes, each stricter than the one before, except ModeOff. An operator closes a schema by
// going from one mode to the next: ModeLog shows which documents the list still lacks.
const (
	ModeAPQ      Mode = "apq"      // all texts; clients may register theirs
	ModeLog      Mode = "log"      // as apq, and unlisted texts are logged
	ModeSafelist Mode = "safelist" // listed texts only, by id or by text
	ModeTrusted  Mode = "trusted"  // listed texts only, by id
	ModeOff      Mode = "off"      // all texts, without ids and hashes
)

// Extension implements persisted operations: automatic persisted queries, version 1 of Apollo's
// protocol, and trusted documents, in Apollo's form and as documentId of the GraphQL over HTTP
// proposal.
//
// It runs after every extension that may reject an operation. So it registers a text only after the
// text was parsed, validated and accepted by the other extensions: no client can fill the store with
// texts that never run.
type Extension struct {
	Mode Mode
	// Store holds registered texts, for TTL after their last use. A store that fails behaves like
	// one that does not have the text: then the client sends it.
	Store cache.Store
	TTL   time.Duration
	// Budget limits how much a caller may register; nil for no limit.
	Budget RegistrationBudget
	// Own are the documents of the server's own pages, which run by their ids in every mode; nil for none.
	Own *List
	// Documents are the trusted documents; Uses counts their use by client.
	Documents *List
	Uses      *UsageCounter
	Log       *slog.Logger

	loggedTexts seenTexts
	stats       struct{ registered, hits, misses, mismatches, unknown, retired atomic.Uint64 }
}

// RegistrationBudget is the amount of text that a caller, identified by the context of a request, may
// register within some time. Its errors are *edu.Error of the code RATE_LIMITED.
type RegistrationBudget interface {
	// ConsumeRegistration takes the bytes of a text.
	ConsumeRegistration(ctx context.Context, bytes int) error
}

// Stats has counts since the start of the process.
type Stats struct {
	Registered uint64 // texts that were stored
	Hits       uint64 // requests by a known id or hash
	Misses     uint64 // requests by an unknown id or hash
	Mismatches uint64 // texts sent with the hash of another text
	Unknown    uint64 // unlisted texts, in the modes log and safelist
	Retired    uint64 // requests for a retired document
}

// Stats returns the current counts.
func (e *Extension) Stats() Stats {
	s := &e.stats
	return Stats{
		Registered: s.registered.Load(), Hits: s.hits.Load(), Misses: s.misses.Load(),
		Mismatches: s.mismatches.Load(), Unknown: s.unknown.Load(), Retired: s.retired.Load(),
	}
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = (*Extension)(nil)

// ExtensionName returns the name of the hash to register among an operation's statistics.
func (*Extension) ExtensionName() string { return "PersistedQueries" }

// Validate accepts every schema.
func (*Extension) Validate(graphql.ExecutableSchema) error { return nil }

// statListed is set for an operation whose text is in the list of trusted documents.
const statListed = "listedDocument"

// IsListed reports whether the text of an operation is in the list of trusted documents.
func IsListed(op *graphql.OperationContext) bool { return op.Stats.GetExtension(statListed) != nil }

type trustedTextKey struct{}

// WithTrustedText returns a context for operations whose text was accepted before: the extension
// neither checks nor counts them.
func WithTrustedText(ctx context.Context) context.Context {
	return context.WithValue(ctx, trustedTextKey{}, true)
}

// MutateOperationParameters finds the text of a request that has only a hash or an id. Otherwise it
// checks that the text matches them and may be executed.
func (e *Extension) MutateOperationParameters(ctx context.Context, r *graphql.RawParams) *gqlerror.Error {
	if ctx.Value(trustedTextKey{}) != nil {
		return nil
	}
	ref, err := parseReferences(r)
	switch {
	case err != nil:
		return err
	case r.Query == "" && e.findOwnDocument(ctx, r, ref):
		return nil
	case e.Mode == ModeOff && !ref.isEmpty():
		return response.ErrorWithCode(response.CodePersistedQueryNotSupported, "PersistedQueryNotSupported")
	case ref.isEmpty() && r.Query == "":
		return badRequest("give the text of the operation as \"query\", its hash as extensions.persistedQuery, or its \"documentId\"")
	case r.Query == "":
		return e.findDocument(ctx, r, ref)
	case e.Mode == ModeOff:
		return nil
	case e.Mode == ModeTrusted && !ref.isEmpty():
		return response.ErrorWithCode(response.CodeIDAndBody, "only documents of the list are run here: send the id without the text")
	case e.Mode == ModeTrusted:
		return response.ErrorWithCode(response.CodePersistedQueryIDRequired, "only documents of the list are run here: send the id of one, and no text")
	case ref.inExtension && ref.hash == "":
		return malformedHash() // a text is registered by its hash only
	case ref.id != "" && !ref.inExtension:
		return badRequest("send a \"documentId\" or a \"query\", not both")
	}
	return e.checkText(ctx, r, ref.hash)
}

// AcceptsAnyText reports whether every text without an id or a hash is executed.
func (e *Extension) AcceptsAnyText() bool {
	return e.Mode == ModeOff || e.Mode == ModeAPQ && e.Documents.Len() == 0
}

// findOwnDocument finds the text of a document of the server's own pages. Its uses are not counted: it is never retired.
func (e *Extension) findOwnDocument(ctx context.Context, r *graphql.RawParams, ref references) bool {
	if e.Own == nil {
		return false
	}
	d := e.Own.FindByIDOrHash(ref.key())
	if d == nil {
		return false
	}
	r.Query = d.Body
	observe.From(ctx).SetDocument(d.identity)
	graphql.GetOperationContext(ctx).Stats.SetExtension(statListed, true)
	return true
}

// findDocument finds the text of a document by its id or its hash.
func (e *Extension) findDocument(ctx context.Context, r *graphql.RawParams, ref references) *gqlerror.Error {
	if d := e.Documents.FindByIDOrHash(ref.key()); d != nil {
		e.stats.hits.Add(1)
		r.Query = d.Body
		return e.recordUse(ctx, r, d)
	}
	listOnly := e.Mode == ModeTrusted || e.Mode == ModeSafelist
	switch {
	case ref.inExtension && ref.hash == "" && !listOnly: // more likely a hash that was computed wrongly
		e.stats.misses.Add(1)
		return malformedHash()
	case listOnly || ref.hash == "":
		e.stats.misses.Add(1)
		return response.ErrorWithCode(response.CodePersistedQueryNotInList, "Persisted query '"+truncateID(ref.key())+"' not found in the persisted query list")
	}
	text, ok := e.Store.Get(ctx, storeKey(ref.hash), e.TTL)
	if !ok {
		e.stats.misses.Add(1)
		return response.ErrorWithCode(response.CodePersistedQueryNotFound, "PersistedQueryNotFound")
	}
	e.stats.hits.Add(1)
	r.Query = string(text)
	return e.checkRegisteredText(ctx, r, ref.hash)
}

// checkRegisteredText counts a registered text that is equal to a document of the list after
// normalization, and rejects it if the document is retired.
func (e *Extension) checkRegisteredText(ctx context.Context, r *graphql.RawParams, hash string) *gqlerror.Error {
	if d := e.Documents.FindByRegisteredText(hash, r.Query); d != nil {
		return e.recordUse(ctx, r, d)
	}
	return nil
}

// checkText checks a text that was sent, with its hash or without one.
func (e *Extension) checkText(ctx context.Context, r *graphql.RawParams, hash string) *gqlerror.Error {
	if hash != "" && HashText(r.Query) != hash {
		e.stats.mismatches.Add(1)
		return response.ErrorWithCode(response.CodePersistedQueryMismatch, "provided sha does not match query")
	}
	if e.Mode == ModeLog || e.Mode == ModeSafelist || e.Documents.Len() > 0 {
		d := e.Documents.FindByText(r.Query)
		switch {
		case d != nil:
			if err := e.recordUse(ctx, r, d); err != nil || e.Mode == ModeSafelist || d.Hash == hash {
				return err // the list has the text of the hash, or no text may be registered
			}
		case e.Mode == ModeLog:
			e.stats.unknown.Add(1)
			e.logUnlistedText(ctx, r)
		case e.Mode == ModeSafelist:
			e.stats.unknown.Add(1)
			return response.ErrorWithCode(response.CodeNotInSafelist, "this operation is not in the list of documents that are run here")
		}
	}
	if hash != "" {
		graphql.GetOperationContext(ctx).Stats.SetExtension(e.ExtensionName(), hash)
	}
	return nil
}

// recordUse counts the use of a document, and rejects the request if the document is retired
// for its client.
func (e *Extension) recordUse(ctx context.Context, r *graphql.RawParams, d *Document) *gqlerror.Error {
	observe.From(ctx).SetDocument(d.identity)
	client, version := ClientNameVersion(r.Headers)
	e.Uses.RecordUsage(d.ID, client, version, time.Now())
	minimum, retired := d.findRetirement(client)
	if !retired {
		graphql.GetOperationContext(ctx).Stats.SetExtension(statListed, true)
		return nil
	}
	e.stats.retired.Add(1)
	return retirementError(minimum, version)
}

// logUnlistedText logs an unlisted text once, with the document that it resembles most.
func (e *Extension) logUnlistedText(ctx context.Context, r *graphql.RawParams) {
	hash := HashText(r.Query)
	if !e.loggedTexts.addUnseen(hash) {
		return
	}
	client, version := ClientNameVersion(r.Headers)
	operation := r.OperationName
	if operation == "" {
		if d, err := NewDocument("", r.Query); err == nil {
			operation = d.Operation
		}
	}
	attrs := []any{"hash", hash, "operation", operation, "client", client, "client_version", version}
	if d := e.Documents.FindSimilar(operation, r.Query); d != nil {
		only, missing := CompareWords(r.Query, d)
		attrs = append(attrs, "nearest", d.ID, "nearest_operation", d.Operation, "only_here", only, "only_there", missing)
	}
	e.Log.WarnContext(ctx, "operation not in the document list", attrs...)
}

// MutateOperationContext registers the text of an operation that is about to run. It rejects the operation
// if the caller may not register as much.
func (e *Extension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	return gqlerror.Wrap(e.registerText(ctx, op.RawQuery))
}

// ObserveCacheHit registers the text of an operation whose response is cached, unless the caller may not
// register as much.
func (e *Extension) ObserveCacheHit(ctx context.Context, text string) { _ = e.registerText(ctx, text) }

// registerText stores a text that was sent with its hash, or returns the error of the budget.
func (e *Extension) registerText(ctx context.Context, text string) error {
	hash, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(e.ExtensionName()).(string)
	if !ok {
		return nil
	}
	// Some clients send both each time; that should not be a write each time.
	if _, stored := e.Store.Get(ctx, storeKey(hash), e.TTL); stored {
		return nil
	}
	if e.Budget != nil {
		if err := e.Budget.ConsumeRegistration(ctx, len(text)); err != nil {
			return err
		}
	}
	e.stats.registered.Add(1)
	e.Store.Set(ctx, storeKey(hash), []byte(text), e.TTL)
	return nil
}

func storeKey(hash string) string { return "apq:" + hash }
