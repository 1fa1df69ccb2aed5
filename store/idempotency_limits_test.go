package store_test

import (
	"context"
	"sync"
	"testing"

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
			if _, _, err := s.RunIdempotent(t.Context(), [32]byte{byte(i)}, i%2 == 0, func(*store.Store) ([]byte, error) { return []byte("x"), nil }); err != nil {
				t.Error(err)
				publishing.Done()
			}
		})
	}
	all.Wait()
}
