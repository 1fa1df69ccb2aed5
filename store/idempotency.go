package store

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// IdempotencyTTL is how long the answer to a write is kept under its key.
const IdempotencyTTL = 24 * time.Hour

// RunIdempotent runs do and keeps what it returns under a key, in one transaction with all
// that do wrote. Where an answer of less than IdempotencyTTL is kept, do is not run:
// that answer is returned, and kept is true. Who comes with the key of another
// that is at it waits until that is committed or rolled back. Where do fails,
// nothing is written and nothing kept. It is done again as Write is.
//
// A connection is held from the first statement to the commit, also while
// waiting for others; so at most half of the pool's are lent to it, and half of
// these to what is slow besides.
func (s *Store) RunIdempotent(ctx context.Context, key [32]byte, slow bool, do func(*Store) ([]byte, error)) (response []byte, replayed bool, err error) {
	releaseHashing := func() {}
	if slow {
		if releaseHashing, err = acquireSlot(ctx, s.hashingSlots); err != nil {
			return nil, false, err
		}
	}
	releaseIdempotent, err := acquireSlot(ctx, s.idempotentSlots)
	if err != nil {
		releaseHashing()
		return nil, false, err
	}
	limited := *s
	limited.releaseSlots = sync.OnceFunc(func() { releaseIdempotent(); releaseHashing() })
	defer limited.releaseSlots()
	err = limited.RunAtomically(ctx, func(s *Store) (err error) {
		response, replayed = nil, false
		if err = s.RunQueries(ctx, lockIdempotencyKey(key), loadResponse(key, func(found []byte) { response, replayed = found, true })); err != nil || replayed {
			return err
		}
		if response, err = do(s); err == nil {
			s.outerTx.commitQueries = []Query{storeResponse(key, response)}
		}
		return err
	})
	return response, replayed, err
}

// lockIdempotencyKey keeps others from a key until the transaction ends. What waits for it
// has written nothing yet. A lock of 64 of the key's bits does: two keys that
// share them merely queue.
func lockIdempotencyKey(key [32]byte) Query {
	s := newStatement("LockAnswer", "SELECT pg_advisory_xact_lock(")
	return s.addSQL(s.bindArg(int64(binary.BigEndian.Uint64(key[:]))), ")").buildQuery(func(pgx.Rows) error { return nil })
}

// loadResponse must be a statement of its own, after the lock: at READ COMMITTED it
// sees what was committed while that was waited for.
func loadResponse(key [32]byte, into func([]byte)) Query {
	s := newStatement("KeptAnswer", "SELECT a.answer FROM idempotent_answers a WHERE a.key = ")
	s.addSQL(s.bindArg(key[:]), " AND a.created_at > now() - ", s.bindArg(IdempotencyTTL), "::interval")
	return s.buildQuery(func(rows pgx.Rows) error {
		var answer []byte
		err := rows.Scan(&answer)
		into(answer)
		return err
	})
}

// storeResponse replaces an answer that has expired and was not deleted yet; under
// the lock there is no other.
func storeResponse(key [32]byte, response []byte) Query {
	s := newStatement("KeepAnswer", "INSERT INTO idempotent_answers AS a (key, answer) VALUES (")
	s.addSQL(s.bindArg(key[:]), ", ", s.bindArg(response), ") ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, created_at = excluded.created_at")
	return s.buildQuery(nil)
}
