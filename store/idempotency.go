package store

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// IdempotencyTTL is how long the response to a write is stored under its idempotency key.
const IdempotencyTTL = 24 * time.Hour

// RunIdempotent runs do and stores the response that it returns under a key, in one transaction
// with the writes of do. If the key has a response younger than IdempotencyTTL, do does not run:
// that response is returned, and replayed is true. A call with the key of a call in progress waits
// until that one is committed or rolled back. If do fails, nothing is written or stored. Conflicts
// are retried as by WriteInTx.
//
// A call holds a connection from its first statement to the commit, also while it waits for other
// transactions. So idempotent calls use at most half of the connections of the pool, and calls that
// hash a password besides at most half of these. hashing selects the latter limit.
func (s *Store) RunIdempotent(ctx context.Context, key [32]byte, hashing bool, do func(*Store) ([]byte, error)) (response []byte, replayed bool, err error) {
	releaseHashing := func() {}
	if hashing {
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

// lockIdempotencyKey locks a key until the transaction ends. Transactions that wait for the lock
// have written nothing yet. The lock uses 64 bits of the key, which suffice: two keys that share
// them only run one after the other.
func lockIdempotencyKey(key [32]byte) Query {
	s := newStatement("LockIdempotencyKey", "SELECT pg_advisory_xact_lock(")
	return s.addSQL(s.bindArg(int64(binary.BigEndian.Uint64(key[:]))), ")").buildQuery(func(pgx.Rows) error { return nil })
}

// loadResponse must be a separate statement after the lock: at READ COMMITTED, it then reads what
// was committed while the lock was waited for. The names idempotent_answers and answer are stored
// and stay.
func loadResponse(key [32]byte, into func([]byte)) Query {
	s := newStatement("LoadResponse", "SELECT a.answer FROM idempotent_answers a WHERE a.key = ")
	s.addSQL(s.bindArg(key[:]), " AND a.created_at > now() - ", s.bindArg(IdempotencyTTL), "::interval")
	return s.buildQuery(func(rows pgx.Rows) error {
		var response []byte
		err := rows.Scan(&response)
		into(response)
		return err
	})
}

// storeResponse stores a response. It replaces an expired response that was not deleted yet; under
// the lock there can be no other.
func storeResponse(key [32]byte, response []byte) Query {
	s := newStatement("StoreResponse", "INSERT INTO idempotent_answers AS a (key, answer) VALUES (")
	s.addSQL(s.bindArg(key[:]), ", ", s.bindArg(response), ") ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, created_at = excluded.created_at")
	return s.buildQuery(nil)
}
