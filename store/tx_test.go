package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// bump returns a test write that adds one to the counter of a category.
func bump(id int64) store.Query {
	return store.Statement("UPDATE categories SET course_count = course_count + 1 WHERE id = $1", id)
}

// createTwoCategories creates the categories 1 and 2.
func createTwoCategories(t *testing.T, exec func(sql string, args ...any)) {
	t.Helper()
	exec("INSERT INTO categories (name, slug) VALUES ('A', 'a'), ('B', 'b')")
}

// PostgreSQL fails one of two transactions that lock the same rows in opposite orders. The failed
// transaction is retried.
func TestWriteRetriesDeadlocks(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	exec(t, db, "ALTER DATABASE "+value[string](t, db, "SELECT quote_ident(current_database())")+" SET deadlock_timeout = '10ms'")
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	var runs atomic.Int64
	var first, wait sync.WaitGroup
	first.Add(2)
	for _, order := range [][2]int64{{1, 2}, {2, 1}} {
		wait.Go(func() {
			var once sync.Once
			err := s.WriteInTx(t.Context(), func(tx *store.Tx) error {
				runs.Add(1)
				if err := tx.RunQueries(t.Context(), bump(order[0])); err != nil {
					return err
				}
				once.Do(first.Done) // both transactions have locked a row
				first.Wait()
				return tx.Commit(t.Context(), bump(order[1]))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if runs.Load() < 3 {
		t.Errorf("ran %d times: there was no deadlock to retry", runs.Load())
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 4 {
		t.Errorf("the counters sum up to %d, want 4", sum)
	}
}

// The retry budget starts at the first conflict, so a write that waited long before its first
// conflict has the whole budget.
func TestRetryBudgetStartsAtFirstConflict(t *testing.T) {
	t.Parallel()
	deadlock := &pgconn.PgError{Code: "40P01"}
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		err := store.Retry(t.Context(), func() error {
			if runs++; runs > 3 {
				return nil
			}
			time.Sleep(time.Duration(4-runs) * 900 * time.Millisecond)
			return deadlock
		})
		if err != nil || runs != 4 {
			t.Errorf("ran %d times and ended with %v; want 4 and no error", runs, err)
		}
		start := time.Now()
		if err := store.Retry(t.Context(), func() error { return deadlock }); !errors.Is(err, deadlock) {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(start); took < 2700*time.Millisecond || took > 3*time.Second {
			t.Errorf("stopped after %v, want up to 3 s", took)
		}
	})
}

// If the connection is lost before the commit is sent, nothing is written and the transaction is
// retried.
func TestWriteRetriesLostConnections(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	runs := 0
	err := s.WriteInTx(t.Context(), func(tx *store.Tx) error {
		if err := tx.RunQueries(t.Context(), bump(1)); err != nil {
			return err
		}
		if runs++; runs == 1 {
			exec(t, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '7p' AND datname = current_database() AND state = 'idle in transaction'")
		}
		return tx.Commit(t.Context(), bump(2))
	})
	if err != nil || runs != 2 {
		t.Errorf("ran %d times and ended with %v; want 2 and no error", runs, err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 2 {
		t.Errorf("the counters sum up to %d, want 2", sum)
	}
}

// A commit whose response is lost may have succeeded. It is not retried, and the error says that
// the outcome is unknown.
func TestLostCommitIsReportedAsUnknown(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	dsn, cut := proxy(t, dsn, dropResponse)
	s := open(t, store.Config{URL: dsn, MaxConns: 1})
	ctx := t.Context()
	write := func(before func()) error {
		return s.WriteInTx(ctx, func(tx *store.Tx) error {
			if err := tx.RunQueries(ctx, bump(1)); err != nil {
				return err
			}
			before()
			return tx.Commit(ctx, bump(2))
		})
	}
	if err := write(func() {}); err != nil { // the statements are prepared from here on
		t.Fatal(err)
	}
	runs := 0
	err := write(func() { runs++; cut.Store(true) })
	if !errors.Is(err, edu.Unavailable) || !strings.Contains(err.Error(), "check whether the change was made") || runs != 1 {
		t.Errorf("ran %d times and ended with %v; want once, and an error that the outcome is unknown", runs, err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 4 {
		t.Errorf("the counters sum up to %d, want 4: the commit was received", sum)
	}
}

// A server that shuts down may close a connection right after it acknowledged a commit. The commit
// is not retried, and its changes are published.
func TestShutdownAfterCommitIsSuccess(t *testing.T) {
	t.Parallel()
	for _, publish := range []bool{false, true} {
		dsn := testdb.New(t)
		db := testdb.OpenPool(t, dsn)
		createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
		dsn, stop := proxy(t, dsn, appendShutdown)
		var changes []store.Change
		c := store.Config{URL: dsn, MaxConns: 1}
		if publish {
			c.PublishChanges = func(_ context.Context, all []store.Change) { changes = append(changes, all...) }
		}
		s := open(t, c)
		runs := 0
		write := func() error {
			return s.WriteInTx(t.Context(), func(tx *store.Tx) error {
				if runs++; runs == 2 {
					defer stop.Store(true) // with the commit
				}
				return tx.RunQueries(t.Context(), bump(1))
			})
		}
		for range 2 { // the statements are prepared from the second on
			if err := write(); err != nil {
				t.Fatal(err)
			}
		}
		if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 2 || runs != 2 {
			t.Errorf("publishing %v: ran %d times, and the counters sum up to %d; want 2 and 2", publish, runs, sum)
		}
		if publish && len(changes) != 2 {
			t.Errorf("published %d changes, want 2: %v", len(changes), changes)
		}
		if stop.Load() {
			t.Error("the connection was not closed")
		}
	}
}

// dropResponse drops the response of the server.
func dropResponse([]byte) []byte { return nil }

// appendShutdown replaces the message that the server is ready for the next statement by the error
// of a server that shuts down.
func appendShutdown(response []byte) []byte {
	const ready = "Z\x00\x00\x00\x05I"
	if !bytes.HasSuffix(response, []byte(ready)) {
		return nil
	}
	text := "SFATAL\x00VFATAL\x00C57P01\x00Mterminating connection due to administrator command\x00\x00"
	end := binary.BigEndian.AppendUint32([]byte("E"), uint32(4+len(text)))
	return append(append(bytes.TrimSuffix(response, []byte(ready)), end...), text...)
}

// proxy returns the DSN of a proxy to a PostgreSQL server. Once cut is set, the proxy forwards the
// next message of the client, replaces the response by the result of last, and closes the
// connection.
func proxy(t *testing.T, dsn string, last func(response []byte) []byte) (through string, cut *atomic.Bool) {
	t.Helper()
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	cut = new(atomic.Bool)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go func() {
				defer client.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := server.Read(buf)
					if err != nil {
						return
					}
					if cut.Swap(false) {
						_, _ = client.Write(last(buf[:n]))
						return
					}
					if _, err := client.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	u := url.URL{Scheme: "postgres", User: url.User(config.User), Host: listener.Addr().String(), Path: "/" + config.Database, RawQuery: "sslmode=disable"}
	return u.String(), cut
}

// RunAtomically commits all of its writes or none, even if each of them succeeded.
func TestRunAtomically(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx := t.Context()
	errFailed := errors.New("failed")
	both := func(end error) error {
		return s.RunAtomically(ctx, func(s *store.Store) error {
			for id := range int64(2) {
				if err := s.WriteInTx(ctx, func(tx *store.Tx) error { return tx.RunQueries(ctx, bump(id+1)) }); err != nil {
					return err
				}
			}
			// A failed write rolls back only itself.
			err := s.WriteInTx(ctx, func(tx *store.Tx) error {
				if err := tx.RunQueries(ctx, bump(1)); err != nil {
					return err
				}
				return errFailed
			})
			if !errors.Is(err, errFailed) {
				t.Errorf("ended with %v, want %v", err, errFailed)
			}
			return end
		})
	}
	if err := both(errFailed); !errors.Is(err, errFailed) {
		t.Errorf("ended with %v, want %v", err, errFailed)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 0 {
		t.Errorf("the counters sum up to %d, want 0", sum)
	}
	if err := both(nil); err != nil {
		t.Fatal(err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 2 {
		t.Errorf("the counters sum up to %d, want 2", sum)
	}
}

// Cancelling the context of a write rolls it back.
func TestCancelledWriteIsRolledBack(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx, cancel := context.WithCancel(t.Context())
	err := s.WriteInTx(ctx, func(tx *store.Tx) error {
		err := tx.RunQueries(ctx, bump(1))
		cancel()
		return errors.Join(err, tx.Commit(ctx, bump(2)))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want %v", err, context.Canceled)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 0 {
		t.Errorf("the counters sum up to %d, want 0", sum)
	}
}
