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

// bump is a write of the tests' own: it adds one to a category's counter.
func bump(id int64) store.Query {
	return store.Statement("UPDATE categories SET course_count = course_count + 1 WHERE id = $1", id)
}

func twoCategories(t *testing.T, exec func(sql string, args ...any)) {
	t.Helper()
	exec("INSERT INTO categories (name, slug) VALUES ('A', 'a'), ('B', 'b')")
}

// Two that lock the same rows in opposite orders come to a deadlock, of which
// PostgreSQL fails one. That one is done again.
func TestWriteOutlivesDeadlocks(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
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
				once.Do(first.Done) // both hold a row
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
		t.Errorf("ran %d times: there was no deadlock to outlive", runs.Load())
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 4 {
		t.Errorf("the counters sum up to %d, want 4", sum)
	}
}

// The time to try again in begins with the first loss: one that waited its turn
// for long, and then lost, has all of it.
func TestWriteAgainAfterAWait(t *testing.T) {
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
			t.Errorf("gave up after %v, want up to 3 s", took)
		}
	})
}

// A connection lost before the commit was sent: nothing was written, and it is
// done again.
func TestWriteOutlivesLostConnections(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
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

// A commit whose answer is lost may have been done. It is not done again, and
// the error says that it is not known.
func TestWriteTellsOfLostCommits(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	dsn, cut := proxy(t, dsn, deaf)
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
	if !errors.Is(err, edu.Unavailable) || !strings.Contains(err.Error(), "look whether it was") || runs != 1 {
		t.Errorf("ran %d times and ended with %v; want once, and to be told that it is not known", runs, err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 4 {
		t.Errorf("the counters sum up to %d, want 4: the commit itself arrived", sum)
	}
}

// A server that is told to stop may end a connection right after it has answered the
// commit. What is committed is not done again, and its changes are told.
func TestWriteOutlivesTheEndAfterItsCommit(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{false, true} {
		dsn := testdb.New(t)
		db := testdb.OpenPool(t, dsn)
		twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
		dsn, stop := proxy(t, dsn, stopping)
		var made []store.Change
		c := store.Config{URL: dsn, MaxConns: 1}
		if told {
			c.PublishChanges = func(_ context.Context, all []store.Change) { made = append(made, all...) }
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
			t.Errorf("told %v: ran %d times, and the counters sum up to %d; want 2 and 2", told, runs, sum)
		}
		if told && len(made) != 2 {
			t.Errorf("told of %d changes, want 2: %v", len(made), made)
		}
		if stop.Load() {
			t.Error("the connection was not ended")
		}
	}
}

// deaf passes on nothing of an answer.
func deaf([]byte) []byte { return nil }

// stopping has a server that is told to stop say so where it would have said that it
// is ready for the next statement.
func stopping(answer []byte) []byte {
	const ready = "Z\x00\x00\x00\x05I"
	if !bytes.HasSuffix(answer, []byte(ready)) {
		return nil
	}
	text := "SFATAL\x00VFATAL\x00C57P01\x00Mterminating connection due to administrator command\x00\x00"
	end := binary.BigEndian.AppendUint32([]byte("E"), uint32(4+len(text)))
	return append(append(bytes.TrimSuffix(answer, []byte(ready)), end...), text...)
}

// proxy stands between a client and a PostgreSQL. Once cut is set it passes on what the
// client sends next, and of the answer what last leaves of it, and ends the connection.
func proxy(t *testing.T, dsn string, last func(answer []byte) []byte) (through string, cut *atomic.Bool) {
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

// What is done atomically is all there or not at all, though each of its writes
// succeeded by itself.
func TestAtomically(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx := t.Context()
	enough := errors.New("enough")
	both := func(end error) error {
		return s.RunAtomically(ctx, func(s *store.Store) error {
			for id := range int64(2) {
				if err := s.WriteInTx(ctx, func(tx *store.Tx) error { return tx.RunQueries(ctx, bump(id+1)) }); err != nil {
					return err
				}
			}
			// A write that fails takes back itself alone.
			err := s.WriteInTx(ctx, func(tx *store.Tx) error {
				if err := tx.RunQueries(ctx, bump(1)); err != nil {
					return err
				}
				return enough
			})
			if !errors.Is(err, enough) {
				t.Errorf("ended with %v, want %v", err, enough)
			}
			return end
		})
	}
	if err := both(enough); !errors.Is(err, enough) {
		t.Errorf("ended with %v, want %v", err, enough)
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

// A caller who leaves takes the write back.
func TestWriteOfACallerWhoLeft(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx, leave := context.WithCancel(t.Context())
	err := s.WriteInTx(ctx, func(tx *store.Tx) error {
		err := tx.RunQueries(ctx, bump(1))
		leave()
		return errors.Join(err, tx.Commit(ctx, bump(2)))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want %v", err, context.Canceled)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 0 {
		t.Errorf("the counters sum up to %d, want 0", sum)
	}
}
