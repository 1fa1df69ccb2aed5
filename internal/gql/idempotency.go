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

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/store"
)

// A mutation with the header Idempotency-Key takes effect once, however often it is sent. The mutation
// and its response are one transaction; a repeated request within store.IdempotencyTTL gets the stored
// response, with the header Idempotent-Replayed.

// maxIdempotencyKeyLength is the maximum number of characters of a key: a UUID has 36.
const maxIdempotencyKeyLength = 255

// errResponseHasErrors rolls back an operation whose response has errors.
var errResponseHasErrors = errors.New("a response with errors is not stored")

// maxStoredResponseBytes is the maximum size of a response under a key. An anonymous one, of a session,
// needs less. It may have maxSessionResponseBytes, so that the sign-ins of one address in a day, 485 by
// the default limit, stay below what an address may store.
const (
	maxStoredResponseBytes  = 256 << 10
	maxSessionResponseBytes = 8 << 10
)

// checkStoredSize returns an error if a response of n bytes is too large to be stored for an owner.
func checkStoredSize(owner int64, n int) error {
	limit := maxStoredResponseBytes
	if owner <= 0 {
		limit = maxSessionResponseBytes
	}
	if n <= limit {
		return nil
	}
	return edu.Errorf(edu.BadUserInput, "with an Idempotency-Key, a response may have %d KiB; this one has %d KiB: nothing was written; select less, or send it without the key",
		limit>>10, (n+1023)>>10)
}

// idempotencyKey is an Idempotency-Key combined with its viewer and its request.
type idempotencyKey struct {
	storageKey    [sha256.Size]byte // of the stored response: derived from viewer and key
	encryptionKey [sha256.Size]byte // of the stored response: derived from key, viewer and request
}

// readIdempotencyKey returns the key of a mutation, nil if it has none. The error rejects the key.
func readIdempotencyKey(v edu.Viewer, op *graphql.OperationContext) (*idempotencyKey, error) {
	values := op.Headers[limits.HeaderIdempotencyKey]
	if len(values) == 0 || op.Operation.Operation != ast.Mutation {
		return nil, nil
	}
	if len(values) > 1 || !isValidIdempotencyKey(values[0]) {
		return nil, response.ErrorWithCode(response.CodeBadRequest, fmt.Sprintf("send one Idempotency-Key of 1 to %d visible ASCII characters, such as a random UUID", maxIdempotencyKeyLength))
	}
	return newIdempotencyKey(v, values[0], op)
}

func isValidIdempotencyKey(key string) bool {
	return key != "" && len(key) <= maxIdempotencyKeyLength && !strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' })
}

// newIdempotencyKey derives the storage key and the encryption key. A reader of the database without the
// Idempotency-Key can neither find nor decrypt a response, nor guess requests, and with them weak
// passwords. The texts "… of an answer" are part of stored keys and stay.
func newIdempotencyKey(v edu.Viewer, key string, op *graphql.OperationContext) (*idempotencyKey, error) {
	viewer := binary.BigEndian.AppendUint64(nil, uint64(v.ID))
	k := &idempotencyKey{storageKey: sha256.Sum256(slices.Concat([]byte("7p place of an answer\x00"), viewer, []byte(key)))}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(slices.Concat([]byte("7p secret of an answer\x00"), viewer))
	request := []any{op.RawQuery, op.OperationName, op.Variables} // JSON sorts the names of the variables
	if err := json.NewEncoder(mac).Encode(request); err != nil {
		return nil, err
	}
	mac.Sum(k.encryptionKey[:0])
	return k, nil
}

// newAEAD returns AES-256-GCM with a random nonce: one key may encrypt two responses, a day apart.
func (k *idempotencyKey) newAEAD() cipher.AEAD {
	block, _ := aes.NewCipher(k.encryptionKey[:])  // fails for other lengths only
	aead, _ := cipher.NewGCMWithRandomNonce(block) // fails for other blocks only
	return aead
}

// encryptResponse encrypts the data of a response.
func (k *idempotencyKey) encryptResponse(data []byte) []byte {
	return k.newAEAD().Seal(nil, nil, data, nil) //nolint:gosec // G407: it generates the nonce itself, and takes none
}

// responseOwner returns the account that the stored responses of a viewer count for, or a negative number
// for the address of a request without one. An IPv6 address counts by its first 64 bits, as for rate
// limits.
func responseOwner(ctx context.Context, v edu.Viewer) int64 {
	if v.SignedIn() {
		return v.ID
	}
	client, _ := middleware.ClientFromContext(ctx)
	address := client.Address
	if prefix, err := address.Prefix(min(64, address.BitLen())); err == nil {
		address = prefix.Addr()
	}
	sum := sha256.Sum256([]byte(address.String()))
	return -1 - int64(binary.BigEndian.Uint64(sum[:])>>1)
}

// decryptResponse decrypts a stored response; ok is false if it belongs to another request.
func (k *idempotencyKey) decryptResponse(encrypted []byte) (data []byte, ok bool) {
	data, err := k.newAEAD().Open(nil, nil, encrypted, nil)
	return data, err == nil
}

// runIdempotent returns the stored response of a mutation, or runs the mutation with a store that is one
// transaction. If the database requires a retry, the mutation runs again from its start.
//
// A response with errors rolls back everything that was written, and has no data: a payload or a token of
// something that did not happen would be wrong.
func (e operationExtension) runIdempotent(ctx context.Context, r store.IdempotentRun, k *idempotencyKey, run func(*store.Store) *graphql.Response) *graphql.Response {
	var resp *graphql.Response
	r.Key = k.storageKey
	encrypted, isReplay, err := e.store.RunIdempotent(ctx, r, func(s *store.Store) ([]byte, error) {
		if resp = run(s); resp == nil {
			return nil, context.Cause(ctx) // gqlgen returns no response once the context is done
		}
		if len(resp.Errors) > 0 {
			return nil, errResponseHasErrors
		}
		if err := checkStoredSize(r.Owner, len(resp.Data)); err != nil {
			return nil, err
		}
		return k.encryptResponse(resp.Data), nil
	})
	if errors.Is(err, errResponseHasErrors) {
		resp.Data = json.RawMessage("null")
		return resp
	}
	if err != nil {
		return e.errorResponse(ctx, err)
	}
	if isReplay {
		data, ok := k.decryptResponse(encrypted)
		if !ok {
			return e.errorResponse(ctx, edu.Errorf(edu.Conflict, "this Idempotency-Key was sent with another request within 24 hours: take a new key for a new request"))
		}
		transport.MarkReplayed(graphql.GetOperationContext(ctx))
		return &graphql.Response{Data: data}
	}
	return resp
}
