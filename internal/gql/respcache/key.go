package respcache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"

	"github.com/7p-education/api/edu"
)

// Key identifies the response that a request needs, without regard to the viewer: a hash of
// the schema, the text, the operation and the variables. It is a SHA-256 because callers
// choose the input.
type Key [sha256.Size]byte

// HashRequest returns the key of the operations of a request with a normalized text. The schema is any
// text that changes with the schema.
func HashRequest(schema, text string, variables map[string]any) (Key, error) {
	h := sha256.New()
	for _, part := range []string{schema, text} {
		_, _ = h.Write(strconv.AppendInt(make([]byte, 0, 20), int64(len(part)), 10))
		_, _ = h.Write([]byte{':'})
		_, _ = io.WriteString(h, part)
	}
	// encoding/json sorts the names of objects and writes numbers as they were sent.
	if len(variables) > 0 {
		if err := json.NewEncoder(h).Encode(variables); err != nil {
			return Key{}, err
		}
	}
	var k Key
	h.Sum(k[:0])
	return k, nil
}

// ForOperation returns the key of the operation with a name.
func (k Key) ForOperation(operation string) Key { return sha256.Sum256(append(k[:], operation...)) }

// Scope is the set of viewers that share an entry.
type Scope uint8

// The scopes, the widest first.
const (
	Public   Scope = iota // all viewers
	ByRole                // all viewers of one role, or all anonymous ones
	ByViewer              // one viewer
)

// WidestScope returns the widest scope that a response may have, by what the tracked viewer
// recorded.
func WidestScope(varyBy edu.VaryBy) Scope {
	switch {
	case varyBy&edu.VaryByViewer != 0:
		return ByViewer
	case varyBy&edu.VaryByRole != 0:
		return ByRole
	}
	return Public
}

// keyPrefix begins the key of every entry in Redis, and stays as it is stored. lockSuffix ends the key of the lock of the
// process that computes an entry.
const (
	keyPrefix  = "answer:"
	lockSuffix = ":lock"
)

// storageKey returns the key under which the entry of a scope is stored for a viewer. In a
// Redis Cluster the entries of all scopes are in one slot.
func (k Key) storageKey(s Scope, v edu.Viewer) string {
	b := make([]byte, 0, 2*len(k)+48)
	b = append(b, keyPrefix+"{"...)
	b = hex.AppendEncode(b, k[:])
	b = append(b, '}')
	if s >= ByRole {
		b = append(b, ':')
		if v.SignedIn() {
			b = append(b, v.Role...)
		}
	}
	if s == ByViewer {
		b = append(b, ':')
		b = strconv.AppendInt(b, v.ID, 10)
	}
	return string(b)
}
