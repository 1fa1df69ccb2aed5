package gql

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/middleware"
)

// HTTP is the transport of queries and mutations: GraphQL over HTTP, draft of
// August 2026, by POST and, for queries only, by GET. gqlgen's own transports
// read bodies of any size, repeat the body in errors and answer other statuses.
//
// Answers are application/graphql-response+json, or application/json for those of
// status 2xx where the caller accepts nothing else. They are not to be stored, but for
// those that may be kept (docs/caching.md).
type HTTP struct {
	// MaxBody is the most bytes that a request's body, a GET's query, or the text of
	// a document may have.
	MaxBody int64
	// Bulk is room for larger bodies of instructors and admins; nil for none.
	Bulk *Bulk
	// MaxBatch is how many operations a body may bring, as an array; 0 for no arrays.
	MaxBatch int
	// Partial has answers with data and errors be of status 294, but for callers who
	// accept application/json alone.
	Partial bool
	// Budget counts those of a batch beyond the first; nil for no count.
	Budget Budget

	renewals chan struct{} // room for answers that are made anew beside the requests; nil for none
	before   *askedBefore  // nil for none
}

// Do answers the request r.
func (h HTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	header := w.Header()
	header["Vary"] = append(header["Vary"], "Accept")
	legacy, ok := negotiate(r.Header["Accept"])
	out := reply{w: w, legacy: legacy}
	if r.Method == http.MethodOptions {
		allow(header, r.Method)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !ok {
		out.refuse(r.Context(), refuse(http.StatusNotAcceptable, codeNotAcceptable,
			"the answer is application/graphql-response+json or application/json: accept one of them"))
		return
	}
	most, leave, ref := h.enter(r)
	defer leave()
	var in incoming
	if ref == nil {
		in, ref = h.read(r, most)
	}
	if ref == nil {
		if in.batch != nil {
			h.batch(out, r, in.batch, exec)
			return
		}
		if ref = h.one(out, r, in, exec); ref == nil {
			return
		}
	}
	if ref.status == http.StatusMethodNotAllowed {
		allow(header, r.Method)
	}
	out.refuse(r.Context(), ref)
}

func (h HTTP) read(r *http.Request, most limit) (in incoming, ref *refusal) {
	switch r.Method {
	case http.MethodPost:
		in, ref = h.readPost(r, most)
	case http.MethodGet:
		in.params, ref = readGet(r, h.MaxBody)
	default:
		ref = refuse(http.StatusMethodNotAllowed, codeMethodNotAllowed, "use POST, or GET for a query")
	}
	if ref != nil {
		return in, ref
	}
	for i := range in.batch {
		if m := &in.batch[i]; m.ref == nil {
			m.ref = h.complete(m.params, r)
		}
	}
	if in.params != nil {
		ref = h.complete(in.params, r)
	}
	return in, ref
}

// complete adds to the parameters what is not in the body, or refuses those that
// name no operation.
func (h HTTP) complete(params *graphql.RawParams, r *http.Request) *refusal {
	// Texts are kept in caches; rows belong into the variables.
	if int64(len(params.Query)) > h.MaxBody {
		return refuse(http.StatusRequestEntityTooLarge, codePayloadTooLarge,
			"the text of the operation is larger than the limit of %d bytes: send data as variables", h.MaxBody)
	}
	// Without a text the operation can still be a persisted one.
	if params.Query == "" && len(params.Extensions) == 0 {
		return misshapen("give the text of the operation as \"query\", or its \"documentId\"")
	}
	params.Headers = r.Header
	return nil
}

// one answers one operation: as it was answered before, where that is kept.
func (h HTTP) one(out reply, r *http.Request, in incoming, exec graphql.GraphExecutor) *refusal {
	v := &visit{asked: in.asked}
	defer v.end()
	if in.params == nil {
		in.params = h.before.look(r, v)
	}
	var resp *graphql.Response
	if in.params != nil {
		var ref *refusal
		if resp, ref = execute(context.WithValue(r.Context(), visitKey{}, v), r.Method, out.w.Header(), in.params, exec); ref != nil {
			return ref
		}
	}
	answer := v.found
	if answer == nil {
		answer = v.finish(r.Context(), resp)
	} else {
		h.before.remember(v)
	}
	if v.q != nil && v.q.Renew {
		h.renew(v, exec)
	}
	v.end() // who takes the answer slowly keeps nobody waiting
	now := time.Now()
	if answer == nil {
		out.w.Header()["Cache-Status"] = []string{string(v.appendCacheStatus(nil, now))}
		status := statusOf(resp)
		if h.Partial && status == http.StatusOK && resp.Data != nil && len(resp.Errors) > 0 && !out.legacy {
			status = statusPartial
		}
		out.send(r.Context(), status, resp)
		return nil
	}
	out.sendKept(r, v, answer, now)
	return nil
}

// execute runs the operation, or refuses one that its method or a single answer
// cannot carry. It tells in the header of the answer where that is a replay.
func execute(ctx context.Context, method string, header http.Header, params *graphql.RawParams, exec graphql.GraphExecutor) (*graphql.Response, *refusal) {
	ctx = graphql.StartOperationTrace(ctx)
	op, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		if errors.Is(errs[0], errFound) {
			return nil, nil
		}
		return exec.DispatchError(graphql.WithOperationContext(ctx, op), errs), nil
	}
	middleware.NoteOperation(ctx, string(op.Operation.Operation), op.Operation.Name)
	if method == http.MethodGet && op.Operation.Operation == ast.Mutation {
		return nil, refuse(http.StatusMethodNotAllowed, codeMethodNotAllowed, "a mutation needs POST")
	}
	if ref := needsStream(op); ref != nil {
		return nil, ref
	}
	responses, ctx := exec.DispatchOperation(ctx, op)
	if resp := responses(ctx); resp != nil {
		if op.Stats.GetExtension(replayed) != nil {
			header.Set(headerReplayed, "true")
		}
		return resp, nil
	}
	// gqlgen answers nothing once the context is done.
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(context.Cause(ctx))}), nil
}

// allow names the methods that would do: after a refused GET, a mutation's, POST alone.
func allow(h http.Header, method string) {
	if method == http.MethodGet {
		h.Set("Allow", "POST")
	} else {
		h.Set("Allow", "GET, POST, OPTIONS")
	}
}
