package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Who has committed and waits until others are told keeps nobody from a turn.
func TestOnceTellsAfterItsTurn(t *testing.T) {
	t.Parallel()
	const writes = 8 // of a pool whose turns are two
	var telling sync.WaitGroup
	telling.Add(writes)
	s := open(t, store.Config{URL: testdb.New(t), MaxConns: 4, PublishChanges: func(context.Context, []store.Change) {
		telling.Done()
		telling.Wait()
	}})
	var all sync.WaitGroup
	for i := range writes {
		all.Go(func() {
			if _, _, err := s.RunIdempotent(t.Context(), [32]byte{byte(i)}, i%2 == 0, func(*store.Store) ([]byte, error) { return []byte("x"), nil }); err != nil {
				t.Error(err)
				telling.Done()
			}
		})
	}
	all.Wait()
}
