package observe

import (
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"
)

// Document identifies the text of operations. It is made once for each cached document, and not for each request.
type Document struct {
	// ID is the id of a trusted document, or the SHA-256 of another text, in hex.
	ID string
	// Trusted reports whether it is a trusted document, and Operation is the name of its operation then, "" for none.
	Trusted   bool
	Operation string

	memo atomic.Value
}

// NewDocument returns the identity of a text that is no trusted document.
func NewDocument(text string) *Document {
	sum := sha256.Sum256([]byte(text))
	return &Document{ID: hex.EncodeToString(sum[:])}
}

// Memo returns what compute returned for the document at its first call: its counters are searched once.
func (d *Document) Memo(compute func(*Document) any) any {
	if v := d.memo.Load(); v != nil {
		return v
	}
	v := compute(d)
	d.memo.Store(v)
	return v
}
