package gql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// lockCourse locks a course until the test rolls back the transaction.
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

// lockWaiters are the connections that wait for a lock.
const lockWaiters = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

// awaitBlocked returns when n connections wait for a lock.
func (s *idempotencyServer) awaitBlocked(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		blocked := queryOne[int](t, s.db, "SELECT count(*)::int FROM "+lockWaiters)
		if blocked == n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections wait for a lock, want %d", blocked, n)
		}
	}
}

func TestIdempotencyOfConcurrentRequests(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	lock := s.lockCourse(t, s.courses[0]) // no request finishes before the others have begun
	responses := make(chan *gqltest.Response, 32)
	for range 32 {
		go func() {
			responses <- s.sendMutation(t.Context(), s.student, "key", gqltest.QueryBody(enrollDocument(s.courses[0]), nil))
		}()
	}
	s.awaitBlocked(t, 1) // the first request, for the course; the others wait in the process
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	replays, texts := 0, map[string]int{}
	for range 32 {
		got := <-responses
		texts[got.String()]++
		if got.Header.Get("Idempotent-Replayed") == "true" {
			replays++
		}
	}
	if len(texts) != 1 || replays != 31 || strings.Contains(fmt.Sprint(texts), "ALREADY_EXISTS") {
		t.Errorf("%d replays of %v; want 31 of one response", replays, texts)
	}
	s.wantRows(t, 1, "enrollments")
}

// A client disconnects in the middle of a mutation, and a connection to the database breaks: a repeated
// request takes effect once.
func TestIdempotencySurvivesFaults(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	request := gqltest.QueryBody(enrollDocument(s.courses[1], s.courses[0]), nil)
	lock := s.lockCourse(t, s.courses[0])
	ctx, disconnect := context.WithCancel(t.Context())
	responses := make(chan *gqltest.Response, 1)
	send := func(ctx context.Context) { responses <- s.sendMutation(ctx, s.student, "key", request) }

	go send(ctx)
	s.awaitBlocked(t, 1)
	disconnect()
	if got := <-responses; !strings.Contains(got.Text(), "REQUEST_CANCELLED") {
		t.Errorf("got %s", got)
	}
	go send(t.Context())
	s.awaitBlocked(t, 1)
	s.execSQL(t, "SELECT pg_terminate_backend(pid) FROM "+lockWaiters)
	s.awaitBlocked(t, 1) // the server has retried
	s.wantRows(t, 0, "enrollments")
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkReplay(t, <-responses, s.sendMutation(t.Context(), s.student, "key", request))
	s.wantRows(t, 2, "enrollments")
}

// The victim of a deadlock runs again, without the errors of its first run.
func TestIdempotencySurvivesDeadlocks(t *testing.T) {
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
	request := gqltest.QueryBody(enrollDocument(s.courses[:]...), nil)
	response, locked := make(chan *gqltest.Response, 1), make(chan error, 1)
	go func() { response <- s.sendMutation(t.Context(), s.student, "key", request) }()
	s.awaitBlocked(t, 1) // the mutation has locked the first course, and waits for the second
	go func() {
		_, err := second.Exec(t.Context(), "SELECT FROM courses WHERE id = $1 FOR UPDATE", s.courses[0])
		locked <- err
	}()
	s.awaitBlocked(t, 2)
	if err := first.Rollback(t.Context()); err != nil { // the mutation goes on to the third course
		t.Fatal(err)
	}
	if err := <-locked; err != nil {
		t.Fatalf("the test is the victim of the deadlock: %v", err)
	}
	if err := second.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkReplay(t, <-response, s.sendMutation(t.Context(), s.student, "key", request))
	s.wantRows(t, 1, "enrollments WHERE user_id = $1 AND course_id = $2", s.student.ID, s.courses[0])
	s.wantRows(t, 3, "enrollments")
	if !strings.Contains(s.log.String(), "40P01") {
		t.Errorf("no deadlock:\n%s", &s.log)
	}
}

// Eight clients repeat requests under five keys, disconnect in the middle and break connections: each key
// takes effect once and has one response.
func TestIdempotencyHasOneEffect(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	const clients, keys, rounds = 8, 5, 25
	var mu sync.Mutex
	responses := map[string]map[string]bool{} // bodies by key
	var wait sync.WaitGroup
	for client := range uint64(clients) {
		random := rand.New(rand.NewPCG(7, client))
		wait.Go(func() {
			for range rounds {
				key := fmt.Sprintf("key-%d", random.IntN(keys))
				ctx, disconnect := context.WithCancel(t.Context())
				if random.IntN(3) == 0 { // disconnects in the middle
					rows := random.IntN(8)
					go func() {
						defer disconnect()
						for range rows {
							_ = s.db.Ping(t.Context())
						}
					}()
				}
				if random.IntN(10) == 0 {
					_, _ = s.db.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '7p' AND state <> 'idle' LIMIT 1")
				}
				got := s.sendMutation(ctx, s.teacher, key, s.createBody(key))
				disconnect()
				if strings.Contains(got.Text(), `"errors"`) {
					continue // a later round repeats it
				}
				mu.Lock()
				if responses[key] == nil {
					responses[key] = map[string]bool{}
				}
				responses[key][got.Text()] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	for i := range keys {
		key := fmt.Sprintf("key-%d", i)
		got := s.sendMutation(t.Context(), s.teacher, key, s.createBody(key))
		if texts := responses[key]; len(texts) > 1 || len(texts) == 1 && !texts[got.Text()] || strings.Contains(got.Text(), `"errors"`) {
			t.Errorf("%s: got %v and at last %s, want one response", key, texts, got.Body)
		}
		s.wantRows(t, 1, "courses WHERE title = $1", key)
	}
	if len(responses) < keys {
		t.Errorf("only %d of %d keys have a response: too many faults", len(responses), keys)
	}
	s.wantRows(t, keys, "idempotent_answers")
}
