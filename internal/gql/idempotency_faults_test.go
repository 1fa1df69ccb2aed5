package gql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/testdb"
)

// lockCourse locks a course until the test releases it.
func (s *idempotencyServer) lockCourse(t *testing.T, course int64) pgx.Tx {
	t.Helper()
	tx, err := s.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	if _, err := tx.Exec(t.Context(), "SELECT FROM courses WHERE id = $1 FOR UPDATE", course); err != nil {
		t.Fatal(err)
	}
	return tx
}

const lockWaiters = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

// awaitBlocked returns once so many wait for a lock.
func (s *idempotencyServer) awaitBlocked(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		blocked := queryOne[int](t, s.db, "SELECT count(*)::int FROM "+lockWaiters)
		if blocked == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d wait for a lock, want %d", blocked, n)
		}
	}
}

func TestIdempotencyAtOnce(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	lock := s.lockCourse(t, s.courses[0]) // so that nobody is done before the others come
	answers := make(chan *httptest.ResponseRecorder, 32)
	for range 32 {
		go func() { answers <- s.sendMutation(t.Context(), s.student, "key", body(enrollBody(s.courses[0]), nil)) }()
	}
	s.awaitBlocked(t, 3) // one for the course, and two of the half of 6 connections for the key
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	replays, texts := 0, map[string]int{}
	for range 32 {
		got := <-answers
		texts[fmt.Sprint(got.Code, got.Body)]++
		if got.Header().Get("Idempotent-Replayed") == "true" {
			replays++
		}
	}
	if len(texts) != 1 || replays != 31 || strings.Contains(fmt.Sprint(texts), "ALREADY_EXISTS") {
		t.Errorf("%d replays, answered %v; want 31, and one answer", replays, texts)
	}
	s.wantRows(t, 1, "enrollments")
}

// A connection that dies in the middle, and a caller who leaves there: who sends
// the same again gets it done once.
func TestIdempotencyOutlivesFaults(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	request := body(enrollBody(s.courses[1], s.courses[0]), nil)
	lock := s.lockCourse(t, s.courses[0])
	ctx, leave := context.WithCancel(t.Context())
	answers := make(chan *httptest.ResponseRecorder, 1)
	send := func(ctx context.Context) { answers <- s.sendMutation(ctx, s.student, "key", request) }

	go send(ctx)
	s.awaitBlocked(t, 1)
	leave()
	if got := <-answers; !strings.Contains(got.Body.String(), "REQUEST_CANCELLED") {
		t.Errorf("who left would be answered %s", got.Body)
	}
	go send(t.Context())
	s.awaitBlocked(t, 1)
	s.execSQL(t, "SELECT pg_terminate_backend(pid) FROM "+lockWaiters)
	s.awaitBlocked(t, 1) // by itself
	s.wantRows(t, 0, "enrollments")
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkReplay(t, <-answers, s.sendMutation(t.Context(), s.student, "key", request))
	s.wantRows(t, 2, "enrollments")
}

// The loser of a deadlock is run anew, without the errors of its first run.
func TestIdempotencyOutlivesDeadlocks(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	admin := testdb.OpenPool(t, dsn)
	if _, err := admin.Exec(t.Context(), "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET deadlock_timeout = ''10ms'''; END $$"); err != nil {
		t.Fatal(err)
	}
	s := newIdempotencyServer(t, dsn)
	first, second := s.lockCourse(t, s.courses[1]), s.lockCourse(t, s.courses[2])
	if _, err := second.Exec(t.Context(), "SET LOCAL deadlock_timeout = '1h'"); err != nil {
		t.Fatal(err)
	}
	request := body(enrollBody(s.courses[:]...), nil)
	answer, locked := make(chan *httptest.ResponseRecorder, 1), make(chan error, 1)
	go func() { answer <- s.sendMutation(t.Context(), s.student, "key", request) }()
	s.awaitBlocked(t, 1) // it has the first course, and waits for the second
	go func() {
		_, err := second.Exec(t.Context(), "SELECT FROM courses WHERE id = $1 FOR UPDATE", s.courses[0])
		locked <- err
	}()
	s.awaitBlocked(t, 2)
	if err := first.Rollback(t.Context()); err != nil { // on to the third
		t.Fatal(err)
	}
	if err := <-locked; err != nil {
		t.Fatalf("the test lost instead: %v", err)
	}
	if err := second.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkReplay(t, <-answer, s.sendMutation(t.Context(), s.student, "key", request))
	s.wantRows(t, 1, "enrollments WHERE user_id = $1 AND course_id = $2", s.student.ID, s.courses[0])
	s.wantRows(t, 3, "enrollments")
	if !strings.Contains(s.log.String(), "40P01") {
		t.Errorf("there was no deadlock to outlive:\n%s", &s.log)
	}
}

// Eight clients repeat requests under a handful of keys, leave in the middle and
// lose connections: in the end each key has had one effect and one answer.
func TestIdempotencyHasOneEffect(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	const clients, keys, rounds = 8, 5, 25
	var mu sync.Mutex
	answered := map[string]map[string]bool{} // texts by key
	var wait sync.WaitGroup
	for client := range uint64(clients) {
		random := rand.New(rand.NewPCG(7, client))
		wait.Go(func() {
			for range rounds {
				key := fmt.Sprintf("key-%d", random.IntN(keys))
				ctx, leave := context.WithCancel(t.Context())
				if random.IntN(3) == 0 { // leaves in the middle of it
					rows := random.IntN(8)
					go func() {
						defer leave()
						for range rows {
							_ = s.db.Ping(t.Context())
						}
					}()
				}
				if random.IntN(10) == 0 {
					_, _ = s.db.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '7p' AND state <> 'idle' LIMIT 1")
				}
				got := s.sendMutation(ctx, s.teacher, key, s.createBody(key))
				leave()
				if strings.Contains(got.Body.String(), `"errors"`) {
					continue // sends it again some other time
				}
				mu.Lock()
				if answered[key] == nil {
					answered[key] = map[string]bool{}
				}
				answered[key][got.Body.String()] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	for i := range keys {
		key := fmt.Sprintf("key-%d", i)
		got := s.sendMutation(t.Context(), s.teacher, key, s.createBody(key))
		if texts := answered[key]; len(texts) > 1 || len(texts) == 1 && !texts[got.Body.String()] || strings.Contains(got.Body.String(), `"errors"`) {
			t.Errorf("%s was answered %v and last %s, want one answer", key, texts, got.Body)
		}
		s.wantRows(t, 1, "courses WHERE title = $1", key)
	}
	if len(answered) < keys {
		t.Errorf("only %d of %d keys were ever answered: too much was broken", len(answered), keys)
	}
	s.wantRows(t, keys, "idempotent_answers")
}
