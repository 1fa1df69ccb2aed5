package gql

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/middleware"
)

// visit is one request's visit to the answers that are kept: what is looked for, what
// is found, and what the answer is made from where nothing is.
type visit struct {
	q   *answers.Question // nil where nothing is looked for
	key answers.Key       // of the request, and then of its operation
	why string            // nothing is looked for, or what was made is not kept

	asked *asked // the body of the request; nil for one that is not to be remembered
	name  string // of the operation

	found *answers.Answer
	// What the answer that is made is made from.
	policy   answers.Policy
	observer *edu.Observer
	tags     edu.Tags
	params   *graphql.RawParams // of what is executed, or made anew
	renewal  bool               // it is made anew, for nobody
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// errFound ends the preparation of an operation whose answer was found.
var errFound = errors.New("the answer is kept")

// policies tell what the schema says about keeping the answer of an operation.
type policies interface {
	Of(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) answers.Policy
	Never(doc *ast.QueryDocument, op *ast.OperationDefinition) bool
}

// keeping is the extension that looks for kept answers. It stands after what finds
// the text of a request, or refuses it.
type keeping struct {
	known    admitted
	policies policies
	answers  *answers.Answers // nil for none
	schema   string
	notify   []finder
}

// finder is an extension that wants to know that an answer was found.
type finder interface {
	// AnswerFound is called where the extension's parameters were mutated, and the
	// operation will not be prepared any further.
	AnswerFound(ctx context.Context, text string)
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = keeping{}

func (keeping) ExtensionName() string                   { return "Keeping" }
func (keeping) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters looks for the answer to an operation whose document is
// known: it is neither parsed nor validated then.
func (k keeping) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	v := visitOf(ctx)
	if v == nil {
		return nil
	}
	switch {
	case k.answers == nil:
		v.why = "off"
	case costAsked(p.Headers):
		v.why = "cost-asked"
	}
	if v.why != "" || v.q != nil {
		return nil
	}
	v.params = p
	var err error
	if v.key, err = answers.KeyOf(k.schema, p.Query, p.Variables); err != nil {
		v.why = "no-key"
		return nil
	}
	if d, ok := k.known.kept.Get(ctx, p.Query); ok {
		if op := d.Query.Operations.ForName(p.OperationName); op != nil {
			return k.look(ctx, v, d.Query, op)
		}
	}
	return nil
}

// MutateOperationContext looks for the answer to an operation whose document had to
// be parsed and validated first, and tells what its policy is.
func (k keeping) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	v := visitOf(ctx)
	if v == nil {
		return nil
	}
	v.policy = k.policies.Of(op.Doc, op.Operation, op.Variables)
	if v.q != nil || v.why != "" {
		return nil
	}
	return k.look(ctx, v, op.Doc, op.Operation)
}

func (k keeping) look(ctx context.Context, v *visit, doc *ast.QueryDocument, op *ast.OperationDefinition) *gqlerror.Error {
	if op.Operation != ast.Query {
		v.why = string(op.Operation)
		return nil
	}
	if k.policies.Never(doc, op) {
		v.why = "max-age-0"
		return nil
	}
	// By the name that it has, whether or not the request says it.
	return k.ask(ctx, v, v.key.Of(op.Name), op.Name)
}

func (k keeping) ask(ctx context.Context, v *visit, key answers.Key, name string) *gqlerror.Error {
	if !v.ask(ctx, k.answers, key, name) {
		return nil
	}
	for _, n := range k.notify {
		n.AnswerFound(ctx, v.params.Query)
	}
	return gqlerror.Wrap(errFound)
}

// ask looks for the answer to a query, and reports whether it was found.
func (v *visit) ask(ctx context.Context, in *answers.Answers, key answers.Key, name string) bool {
	v.key, v.name = key, name
	v.q = in.Ask(ctx, key, edu.ViewerFrom(ctx))
	v.why, v.found = v.q.Bypass, v.q.Answer
	if v.found == nil {
		return false
	}
	middleware.NoteOperation(ctx, string(ast.Query), name)
	return true
}

// end lets those go on who wait for the same answer.
func (v *visit) end() {
	if v.q != nil {
		v.q.End()
	}
}

// finish makes an answer of what was executed, and keeps it if it may be kept.
func (v *visit) finish(ctx context.Context, resp *graphql.Response) *answers.Answer {
	if v.observer == nil { // it was refused before it ran
		if v.why == "" {
			v.why = "refused"
		}
		return nil
	}
	if v.policy.MaxAge == 0 {
		if v.why == "" { // without its variables it looked better
			v.refuse(ctx, "max-age-0")
		}
		return nil
	}
	if len(resp.Errors) > 0 || len(resp.Extensions) > 0 {
		v.refuse(ctx, "errors")
		return nil
	}
	buf := envelopes.Get().(*bytes.Buffer)
	defer release(buf, &envelopes)
	writeEnvelope(buf, resp)
	answer, why := answers.Draft{
		Body: bytes.Clone(buf.Bytes()), Policy: v.policy, Saw: v.observer.Saw(), SignedIn: edu.ViewerFrom(ctx).SignedIn(),
	}.Finish()
	switch {
	case answer == nil:
		v.refuse(ctx, why)
	case v.q != nil:
		v.why = v.q.Keep(ctx, answer, &v.tags)
	}
	return answer
}

func (v *visit) refuse(ctx context.Context, why string) {
	if v.q != nil {
		v.q.Refuse(ctx)
	}
	if v.why == "" {
		v.why = why
	}
}

// serverName is what Cache-Status calls us.
const serverName = `"7p"`

// appendCacheStatus appends what became of the visit, as RFC 9211 has it.
func (v *visit) appendCacheStatus(b []byte, now time.Time) []byte {
	b = append(b, serverName...)
	switch {
	case v.found != nil:
		b = append(b, "; hit; ttl="...)
		b = strconv.AppendInt(b, int64(math.Floor(v.found.TTL(now).Seconds())), 10)
	case v.q == nil || v.q.Bypass != "":
		b = append(b, "; fwd=bypass"...)
	case v.why == "":
		b = append(b, "; fwd=miss; stored"...)
	default:
		b = append(b, "; fwd=miss"...)
	}
	if v.why != "" {
		b = append(append(b, "; detail="...), v.why...)
	}
	return b
}
