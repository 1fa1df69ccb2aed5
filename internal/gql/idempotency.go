package gql

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/store"
)

// A mutation that is sent with the header Idempotency-Key takes effect once,
// however often it is sent: it and its answer are one transaction, and who sends
// the same again within store.IdempotencyTTL gets that answer, marked by the header
// Idempotent-Replayed. The names are those of draft-ietf-httpapi-idempotency-key-header,
// and of Stripe's API.
const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotent-Replayed"
)

// maxIdempotencyKeyLength is the most characters of a key: a UUID has 36.
const maxIdempotencyKeyLength = 255

// replayedStat is among the statistics of an operation that another request has run.
const replayedStat = "Idempotency"

// errResponseHasErrors takes back what an operation wrote that had errors.
var errResponseHasErrors = errors.New("an answer with errors is not kept")

// idempotencyKey is an Idempotency-Key with its viewer and its request.
type idempotencyKey struct {
	storageKey     [sha256.Size]byte // where the answer is kept: of viewer and key
	encryptionKey  [sha256.Size]byte // what encrypts it: of key, viewer and request
	hashesPassword bool              // it hashes a password
}

// readIdempotencyKey returns the key that a mutation was sent with, nil for none. The error
// is what is wrong with it.
func readIdempotencyKey(ctx context.Context, op *graphql.OperationContext) (*idempotencyKey, error) {
	given := op.Headers[headerIdempotencyKey]
	if len(given) == 0 || op.Operation.Operation != ast.Mutation {
		return nil, nil
	}
	if key := given[0]; len(given) > 1 || key == "" || len(key) > maxIdempotencyKeyLength || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, response.ErrorWithCode(response.CodeBadRequest, fmt.Sprintf("send one Idempotency-Key of 1 to %d visible ASCII characters, such as a random UUID", maxIdempotencyKeyLength))
	}
	k, err := newIdempotencyKey(edu.ViewerFrom(ctx), given[0], op)
	if err != nil {
		return nil, err
	}
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"})
	for _, f := range fields {
		switch f.Name {
		case "signIn", "signUp":
			k.hashesPassword = true
		case "refreshSession":
		default:
			continue
		}
		// Another field's failure would take back that a stolen token was noticed, and
		// tell whether a token or a password is good without leaving a trace.
		if len(fields) > 1 {
			return nil, response.ErrorWithCode(response.CodeBadRequest, "with an Idempotency-Key, "+f.Name+" goes alone: send the other fields on their own")
		}
	}
	return k, nil
}

// newIdempotencyKey derives both parts. Who has the database and not the key can neither
// find nor open an answer, nor try requests, and with them weak passwords.
func newIdempotencyKey(v edu.Viewer, key string, op *graphql.OperationContext) (*idempotencyKey, error) {
	viewer := binary.BigEndian.AppendUint64(nil, uint64(v.ID))
	k := &idempotencyKey{storageKey: sha256.Sum256(slices.Concat([]byte("7p place of an answer\x00"), viewer, []byte(key)))}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(slices.Concat([]byte("7p secret of an answer\x00"), viewer))
	request := []any{op.RawQuery, op.OperationName, op.Variables} // whose names JSON has in order
	if err := json.NewEncoder(mac).Encode(request); err != nil {
		return nil, err
	}
	mac.Sum(k.encryptionKey[:0])
	return k, nil
}

// newAEAD is AES-256-GCM with a random nonce: the same secret may seal two answers,
// a day apart.
func (k *idempotencyKey) newAEAD() cipher.AEAD {
	block, _ := aes.NewCipher(k.encryptionKey[:])    // fails for other lengths only
	sealer, _ := cipher.NewGCMWithRandomNonce(block) // fails for other blocks only
	return sealer
}

// encryptResponse encrypts an answer.
func (k *idempotencyKey) encryptResponse(data []byte) []byte {
	return k.newAEAD().Seal(nil, nil, data, nil) //nolint:gosec // G407: it makes the nonce itself, and takes none
}

// decryptResponse decrypts what seal made; ok is false where that was of another request.
func (k *idempotencyKey) decryptResponse(sealed []byte) (data []byte, ok bool) {
	data, err := k.newAEAD().Open(nil, nil, sealed, nil)
	return data, err == nil
}

// runIdempotent answers a mutation under a key: with the answer that is kept, or by running
// it, with a store that is one transaction. Where the database asks for it, that
// is done again, each time from the start.
//
// An answer with errors takes back all that was written, and shows no data: a
// payload, or a token, of what did not happen would be a lie.
func (o Options) runIdempotent(ctx context.Context, k *idempotencyKey, run func(*store.Store) *graphql.Response) *graphql.Response {
	var resp *graphql.Response
	sealed, isReplay, err := o.Store.RunIdempotent(ctx, k.storageKey, k.hashesPassword, func(s *store.Store) ([]byte, error) {
		if resp = run(s); resp == nil {
			return nil, context.Cause(ctx) // gqlgen answers nothing once the context is done
		}
		if len(resp.Errors) > 0 {
			return nil, errResponseHasErrors
		}
		return k.encryptResponse(resp.Data), nil
	})
	if errors.Is(err, errResponseHasErrors) {
		resp.Data = json.RawMessage("null")
		return resp
	}
	if err != nil {
		return o.errorResponse(ctx, err)
	}
	if isReplay {
		data, ok := k.decryptResponse(sealed)
		if !ok {
			return o.errorResponse(ctx, edu.Errorf(edu.Conflict, "this Idempotency-Key was sent with another request within 24 hours: take a new key for a new request"))
		}
		graphql.GetOperationContext(ctx).Stats.SetExtension(replayedStat, true)
		return &graphql.Response{Data: data}
	}
	return resp
}

// errorResponse answers an operation that did not run.
func (o Options) errorResponse(ctx context.Context, err error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{NewErrorPresenter(o.Log)(ctx, err)}}
}
