package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const (
	// DefaultMaxStoredBytes is Config.MaxStoredBytes if that is 0.
	DefaultMaxStoredBytes = 1 << 30
	// anonymousShare is the part of MaxStoredBytes that responses without an account may occupy: a
	// quarter. Strangers, who can be any number, leave the rest to accounts.
	anonymousShare = 4
	// ownerShare is the part of the free bytes that one owner may occupy: an eighth. A few owners with
	// large responses therefore never use up what others with small ones need.
	ownerShare = 8
	// retryAfterTotal is after how many seconds a rejected owner may try again.
	retryAfterTotal = 300
	// totalInterval is how often a process reads the total. Between two reads it adds what it stores
	// itself, so the total may be exceeded by what other processes store in that time.
	totalInterval = time.Minute
)

// storedTotal is a process's knowledge of the bytes of all stored responses. Its methods are safe
// for concurrent use.
type storedTotal struct {
	limit int64

	mu             sync.Mutex
	measured       time.Time
	all, anonymous int64
}

// addStored adds a response of an owner.
func (t *storedTotal) addStored(owner int64, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all += int64(bytes)
	if owner <= 0 {
		t.anonymous += int64(bytes)
	}
}

// admit rejects a run of an owner if the stored responses have reached their limit, or those of the owner,
// ownStored bytes, its share of what is left.
func (t *storedTotal) admit(ctx context.Context, s *Store, owner, ownStored int64) error {
	if err := t.measure(ctx, s); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	stored, limit := t.all, t.limit
	if owner <= 0 && t.anonymous >= t.limit/anonymousShare {
		stored, limit = t.anonymous, t.limit/anonymousShare
	}
	if stored < limit && ownStored <= (limit-stored)/ownerShare {
		return nil
	}
	return &edu.Error{Code: edu.Unavailable, RetryAfter: retryAfterTotal, Message: fmt.Sprintf(
		"the responses stored under Idempotency-Keys approach their limit of %d MiB, and yours exceed their share: nothing was written; send the request without a key, or try again later", limit>>20)}
}

// measure reads the total if the last read is older than totalInterval. Concurrent callers use the
// total of before.
func (t *storedTotal) measure(ctx context.Context, s *Store) error {
	t.mu.Lock()
	before, now := t.measured, time.Now()
	if now.Sub(before) < totalInterval {
		t.mu.Unlock()
		return nil
	}
	t.measured = now
	t.mu.Unlock()
	var all, anonymous int64
	q := newStatement("StoredTotal", "SELECT coalesce(sum(a.bytes), 0), coalesce(sum(a.bytes) FILTER (WHERE a.owner <= 0), 0) FROM idempotent_answers a")
	err := s.OnPrimary().RunQueries(ctx, q.buildQuery(func(rows pgx.Rows) error { return rows.Scan(&all, &anonymous) }))
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.measured = before
		return err
	}
	t.all, t.anonymous = all, anonymous
	return nil
}
