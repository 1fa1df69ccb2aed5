package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// A write that is committed and waits for its changes to be published holds no slot.
func TestIdempotentWritesPublishWithoutSlot(t *testing.T) {
	t.Parallel()
	const writes = 8 // the pool has two slots for idempotent writes
	var publishing sync.WaitGroup
	publishing.Add(writes)
	s := open(t, store.Config{URL: testdb.New(t), MaxConns: 4, PublishChanges: func(context.Context, []store.Change) {
		publishing.Done()
		publishing.Wait()
	}})
	var all sync.WaitGroup
	for i := range writes {
		all.Go(func() {
			if _, _, err := s.RunIdempotent(t.Context(), store.IdempotentRun{Key: [32]byte{byte(i)}}, func(*store.Store) ([]byte, error) { return []byte("x"), nil }); err != nil {
				t.Error(err)
				publishing.Done()
			}
		})
	}
	all.Wait()
}

// All stored responses together have a limit; those without an account have a quarter of it.
func TestIdempotentResponsesAreLimitedInTotal(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	for name, c := range map[string]struct {
		owner, stored int64
		rejected      map[int64]bool // by owner
	}{
		"full":                   {owner: 1, stored: 4096, rejected: map[int64]bool{2: true, -2: true}},
		"a quarter by strangers": {owner: -1, stored: 1024, rejected: map[int64]bool{2: false, -2: true}},
		"a quarter by accounts":  {owner: 1, stored: 1024, rejected: map[int64]bool{2: false, -2: false, 1: true}},
		"an eighth of the rest":  {owner: 1, stored: 400, rejected: map[int64]bool{2: false, 1: false}},
	} {
		t.Run(name, func(t *testing.T) {
			exec(t, db, "DELETE FROM idempotent_answers")
			exec(t, db, "INSERT INTO idempotent_answers (key, answer, owner, bytes) VALUES (sha256('x'), '', $1, $2)", c.owner, c.stored)
			s := open(t, store.Config{URL: dsn, MaxConns: 4, MaxStoredBytes: 4096})
			for owner, rejected := range c.rejected {
				r := store.IdempotentRun{Key: [32]byte{byte(owner)}, Owner: owner}
				_, _, err := s.RunIdempotent(t.Context(), r, func(*store.Store) ([]byte, error) { return []byte("x"), nil })
				if errors.Is(err, edu.Unavailable) != rejected || !rejected && err != nil {
					t.Errorf("owner %d: ended with %v, rejected %v is right", owner, err, rejected)
				}
			}
		})
	}
}
