package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const (
	// IdempotencyTTL is how long the response to a write is stored under its idempotency key.
	IdempotencyTTL = 24 * time.Hour

	// maxOwnerBytes limits the stored responses of one account, and maxAddressBytes those of one
	// address without an account. Requests in progress may exceed them by their own responses.
	maxOwnerBytes   = 16 << 20
	maxAddressBytes = 4 << 20
	// responseOverhead is added to the bytes of each stored response: its row and index entries.
	responseOverhead = 256

	// defaultMaxLockTime is Config.MaxLockTime if that is 0.
	defaultMaxLockTime = 50 * time.Millisecond
)

// IdempotentRun describes a call of RunIdempotent.
type IdempotentRun struct {
	// Key is the key of the stored response.
	Key [32]byte
	// Owner is the account that the stored response counts for, or a negative number for an address
	// without an account.
	Owner int64
	// OwnRows states that only rows of the owner are written, which others do not wait for: the
	// time after the first write is not limited.
	OwnRows bool
}

// RunIdempotent runs do and stores the response that it returns under a key, in one transaction with
// the writes of do. If the key has a response younger than IdempotencyTTL, do does not run: that
// response is returned, and replayed is true. A call with the key of a call in progress waits until
// that one is committed or rolled back. If do fails, nothing is written or stored. Conflicts are
// retried as by WriteInTx.
//
// The transaction begins with the first write of do. Everything that do does after it may take
// Config.MaxLockTime, unless r.OwnRows is set: then the transaction is rolled back. A call whose
// owner has stored too much, or at a time when all have, is rejected before do runs.
func (s *Store) RunIdempotent(ctx context.Context, r IdempotentRun, do func(*Store) ([]byte, error)) (response []byte, replayed bool, err error) {
	leave, err := s.idempotencyKeys.acquire(ctx, r.Key, errKeyInUse)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	var changes []Change
	var announcements []func()
	var stored []byte // if replayed
	found := func(response []byte) { stored, replayed = response, true }
	err = retryConflicts(ctx, func() (err error) {
		response, stored, replayed = nil, nil, false
		if err := s.loadOrAdmit(ctx, r, found); err != nil || replayed {
			return err
		}
		o := &outerTx{store: s, maxLockTime: s.maxLockTime, preamble: []Query{lockIdempotencyKey(r.Key), loadResponse(r.Key, func(response []byte) error {
			found(response)
			return errAlreadyStored
		})}}
		if r.OwnRows {
			o.maxLockTime = 0
		}
		defer o.close()
		inner := s.OnPrimary()
		inner.outerTx = o
		response, err = do(inner)
		changes, err = o.end(ctx, err, storeResponse(r, response))
		announcements = o.afterCommit
		return err
	})
	if isAlreadyStored(err) { // by another server meanwhile
		err = nil
	}
	if replayed {
		return stored, err == nil, convertError(err)
	}
	err = s.publishWrite(ctx, changes, err)
	if err == nil || errors.Is(err, errCommitUnknown) {
		s.responses.addStored(r.Owner, len(response)+responseOverhead)
		for _, announce := range announcements {
			announce()
		}
	}
	return response, false, err
}

// errAlreadyStored ends a run whose key has got a response meanwhile.
var errAlreadyStored = errors.New("store: the key has a response already")

func isAlreadyStored(err error) bool { return errors.Is(err, errAlreadyStored) }

// loadOrAdmit loads the stored response of a run, and rejects a run without one if the stored
// responses have reached a limit.
func (s *Store) loadOrAdmit(ctx context.Context, r IdempotentRun, found func([]byte)) error {
	loaded := false
	var stored int64
	var oldest time.Duration
	err := s.OnPrimary().RunQueries(ctx,
		loadResponse(r.Key, func(response []byte) error { loaded = true; found(response); return nil }),
		ownerUsage(r.Owner, func(bytes int64, age time.Duration) { stored, oldest = bytes, age }))
	if err != nil || loaded {
		return err
	}
	limit := int64(maxOwnerBytes)
	if r.Owner <= 0 {
		limit = maxAddressBytes
	}
	if stored >= limit {
		return &edu.Error{Code: edu.RateLimited, RetryAfter: max(1, int((IdempotencyTTL - oldest).Seconds())), Message: fmt.Sprintf(
			"the responses stored under your Idempotency-Keys have reached %d MiB: each is deleted after 24 hours; wait, or send the request without a key", limit>>20)}
	}
	return s.responses.admit(ctx, s, r.Owner, stored)
}

// ownerUsage reads the bytes of the stored responses of an owner, and the age of the oldest.
func ownerUsage(owner int64, into func(bytes int64, oldest time.Duration)) Query {
	s := newStatement("OwnerUsage", "SELECT coalesce(sum(a.bytes), 0), coalesce(now() - min(a.created_at), '0') FROM idempotent_answers a WHERE a.owner = ")
	s.addSQL(s.bindArg(owner), " AND a.created_at > now() - ", s.bindArg(IdempotencyTTL), "::interval")
	return s.buildQuery(func(rows pgx.Rows) error {
		var bytes int64
		var oldest time.Duration
		err := rows.Scan(&bytes, &oldest)
		into(bytes, oldest)
		return err
	})
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
func loadResponse(key [32]byte, into func([]byte) error) Query {
	s := newStatement("LoadResponse", "SELECT a.answer FROM idempotent_answers a WHERE a.key = ")
	s.addSQL(s.bindArg(key[:]), " AND a.created_at > now() - ", s.bindArg(IdempotencyTTL), "::interval")
	return s.buildQuery(func(rows pgx.Rows) error {
		var response []byte
		if err := rows.Scan(&response); err != nil {
			return err
		}
		return into(response)
	})
}

// storeResponse stores a response. It replaces an expired response that was not deleted yet; under
// the lock there can be no other.
func storeResponse(r IdempotentRun, response []byte) Query {
	s := newStatement("StoreResponse", "INSERT INTO idempotent_answers AS a (key, answer, owner, bytes) VALUES (")
	s.addSQL(s.bindArg(r.Key[:]), ", ", s.bindArg(response), ", ", s.bindArg(r.Owner), ", ", s.bindArg(len(response)+responseOverhead))
	s.addSQL(") ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, created_at = excluded.created_at, owner = excluded.owner, bytes = excluded.bytes")
	return s.buildQuery(nil)
}
