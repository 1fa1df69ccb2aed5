package gql

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/admit"
	"github.com/7p-education/api/internal/middleware"
)

// member is one operation of a batch, or why it is none.
type member struct {
	params *graphql.RawParams
	ref    *refusal
}

// batch is what the operations of one request have had so far. They run one after
// the other, each as if it had come alone, but for what they may cost together.
type batch struct {
	sum    admit.Estimate
	logins int
	wrote  bool
}

type batchKey struct{}

func batchOf(ctx context.Context) *batch {
	b, _ := ctx.Value(batchKey{}).(*batch)
	return b
}

// writes tells whether an operation of the kind that is about to run writes, or comes
// after one that did. A nil batch is that of an operation alone.
func (b *batch) writes(kind ast.Operation) bool {
	writes := kind == ast.Mutation
	if b == nil {
		return writes
	}
	b.wrote = b.wrote || writes
	return b.wrote
}

// errTooMany ends the reading of a batch.
var errTooMany = errors.New("too many operations")

// readBatch reads the operations of a batch, at most of them. One that is refused
// does not keep the others from running.
func readBatch(in *jsonReader, most int) (members []member, ref *refusal, err error) {
	err = in.elements(func() (err error) {
		if len(members) == most {
			return errTooMany
		}
		var m member
		if in.peek() == '{' {
			m.params, m.ref, err = readParams(in)
		} else if _, err = in.value(); err == nil {
			m.ref = misshapen("each element of a batch must be a JSON object with the member \"query\"")
		}
		members = append(members, m)
		return err
	})
	switch {
	case errors.Is(err, errTooMany):
		return nil, refuse(http.StatusUnprocessableEntity, codeBatchLimit, "a batch may have %d operations at most", most), nil
	case err == nil && len(members) == 0:
		return nil, misshapen("the batch is empty: send one operation at least"), nil
	}
	return members, nil, err
}

// add admits one more operation. One that is refused leaves its part to the next.
func (b *batch) add(p *admit.Policy, e admit.Estimate, logins int) *gqlerror.Error {
	sum := b.sum.Plus(e)
	if refusal := p.Together(sum); refusal != nil {
		return notAdmitted(refusal)
	}
	if b.logins+logins > 1 {
		return coded(codeBatchLimit, "a batch may have one field of "+strings.Join(p.Limits().LoginFields, ", ")+": send the others on their own")
	}
	b.sum, b.logins = sum, b.logins+logins
	return nil
}

// batch answers the operations of one request, in their order.
func (h HTTP) batch(out reply, r *http.Request, members []member, exec graphql.GraphExecutor) {
	ctx := r.Context()
	if r.Header[headerIdempotencyKey] != nil {
		out.refuse(ctx, refuse(http.StatusBadRequest, codeBadRequest, "an Idempotency-Key is for one operation: send the mutation on its own"))
		return
	}
	if h.Budget != nil {
		if err := h.Budget.Requests(ctx, len(members)-1); err != nil {
			resp := exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
			out.send(ctx, statusOf(resp), resp)
			return
		}
	}
	within := context.WithValue(ctx, batchKey{}, &batch{})
	answers := make([]*graphql.Response, len(members))
	for i, m := range members {
		if m.ref == nil {
			answers[i], m.ref = execute(within, r.Method, out.w.Header(), m.params, exec)
		}
		if m.ref != nil {
			answers[i] = withinBatch(m.ref).response()
		}
	}
	middleware.NoteOperation(ctx, "batch", fmt.Sprintf("of %d", len(members)))
	out.sendBatch(answers)
}

// withinBatch says of operations that have many answers that a batch is no place
// for them.
func withinBatch(ref *refusal) *refusal {
	if ref.code != codeNotAcceptable {
		return ref
	}
	return refuse(ref.status, codeBatchStream, "an operation with many answers cannot be in a batch: send it on its own")
}
