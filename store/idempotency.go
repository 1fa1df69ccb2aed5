package store

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// AnswerTTL is how long the answer to a write is kept under its key.
const AnswerTTL = 24 * time.Hour

// Once runs do and keeps what it returns under a key, in one transaction with all
// that do wrote. Where an answer of less than AnswerTTL is kept, do is not run:
// that answer is returned, and kept is true. Who comes with the key of another
// that is at it waits until that is committed or rolled back. Where do fails,
// nothing is written and nothing kept. It is done again as Write is.
//
// A connection is held from the first statement to the commit, also while
// waiting for others; so at most half of the pool's are lent to it, and half of
// these to what is slow besides.
func (s *Store) Once(ctx context.Context, key [32]byte, slow bool, do func(*Store) ([]byte, error)) (answer []byte, kept bool, err error) {
	leaveSlow := func() {}
	if slow {
		if leaveSlow, err = enter(ctx, s.slow); err != nil {
			return nil, false, err
		}
	}
	leaveKeyed, err := enter(ctx, s.keyed)
	if err != nil {
		leaveSlow()
		return nil, false, err
	}
	turn := *s
	turn.leave = sync.OnceFunc(func() { leaveKeyed(); leaveSlow() })
	defer turn.leave()
	err = turn.Atomically(ctx, func(s *Store) (err error) {
		answer, kept = nil, false
		if err = s.Run(ctx, lockAnswer(key), keptAnswer(key, func(found []byte) { answer, kept = found, true })); err != nil || kept {
			return err
		}
		if answer, err = do(s); err == nil {
			s.outer.last = []Query{keepAnswer(key, answer)}
		}
		return err
	})
	return answer, kept, err
}

// lockAnswer keeps others from a key until the transaction ends. What waits for it
// has written nothing yet. A lock of 64 of the key's bits does: two keys that
// share them merely queue.
func lockAnswer(key [32]byte) Query {
	s := sql("LockAnswer", "SELECT pg_advisory_xact_lock(")
	return s.add(s.arg(int64(binary.BigEndian.Uint64(key[:]))), ")").into(func(pgx.Rows) error { return nil })
}

// keptAnswer must be a statement of its own, after the lock: at READ COMMITTED it
// sees what was committed while that was waited for.
func keptAnswer(key [32]byte, into func([]byte)) Query {
	s := sql("KeptAnswer", "SELECT a.answer FROM idempotent_answers a WHERE a.key = ")
	s.add(s.arg(key[:]), " AND a.created_at > now() - ", s.arg(AnswerTTL), "::interval")
	return s.into(func(rows pgx.Rows) error {
		var answer []byte
		err := rows.Scan(&answer)
		into(answer)
		return err
	})
}

// keepAnswer replaces an answer that has expired and was not deleted yet; under
// the lock there is no other.
func keepAnswer(key [32]byte, answer []byte) Query {
	s := sql("KeepAnswer", "INSERT INTO idempotent_answers AS a (key, answer) VALUES (")
	s.add(s.arg(key[:]), ", ", s.arg(answer), ") ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, created_at = excluded.created_at")
	return s.into(nil)
}
