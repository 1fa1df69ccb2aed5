package respcache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/7p-education/api/edu"
)

// Key is which answer a request wants, whoever asks: of the schema, the text, the
// operation and the variables. It is a SHA-256, as callers choose what goes into it.
type Key [sha256.Size]byte

// HashRequest returns the key of the operations of a request. The schema is any text that
// changes with it. White space around the text says nothing, and files end with it.
func HashRequest(schema, text string, variables map[string]any) (Key, error) {
	h := sha256.New()
	for _, part := range []string{schema, strings.Trim(text, " \t\r\n")} {
		_, _ = h.Write(strconv.AppendInt(make([]byte, 0, 20), int64(len(part)), 10))
		_, _ = h.Write([]byte{':'})
		_, _ = io.WriteString(h, part)
	}
	// The names of JSON objects come out in order, and numbers as they were sent.
	if len(variables) > 0 {
		if err := json.NewEncoder(h).Encode(variables); err != nil {
			return Key{}, err
		}
	}
	var k Key
	h.Sum(k[:0])
	return k, nil
}

// ForOperation returns the key of the operation of a name.
func (k Key) ForOperation(operation string) Key { return sha256.Sum256(append(k[:], operation...)) }

// Scope is who shares an answer.
type Scope uint8

// The scopes, the widest first.
const (
	Public   Scope = iota // everybody
	ByRole                // all of one role, or all who are anonymous
	ByViewer              // one viewer
)

// widestScope returns the widest scope that what was looked at allows.
func widestScope(saw edu.VaryBy) Scope {
	switch {
	case saw&edu.VaryByViewer != 0:
		return ByViewer
	case saw&edu.VaryByRole != 0:
		return ByRole
	}
	return Public
}

// What begins the name of every answer in Redis, and ends that of the lock of who
// makes it.
const (
	keyPrefix  = "answer:"
	lockSuffix = ":lock"
)

// storageKey returns where the answer for a viewer is kept. In a Redis Cluster those of all
// scopes are in one slot.
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
