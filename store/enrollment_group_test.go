package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// groupedCourse is a course whose row another client has locked, and calls of Enroll that wait for it.
type groupedCourse struct {
	store *store.Store
	db    *pgxpool.Pool
	lock  pgx.Tx
	calls int
	wait  sync.WaitGroup
}

const grouped = 1 // the id of the course

func newGroupedCourse(t *testing.T) *groupedCourse {
	t.Helper()
	dsn := testdb.NewWithDemo(t)
	c := &groupedCourse{db: testdb.OpenPool(t, dsn), store: open(t, store.Config{URL: dsn, MaxConns: 8})}
	exec(t, c.db, "DELETE FROM enrollments WHERE course_id = 1 AND user_id <> 1")
	c.lock = lockRow(t, c.db, "SELECT FROM courses WHERE id = 1 FOR UPDATE")
	return c
}

// call begins a call of Enroll that joins the group of the course, and returns where its error comes.
func (c *groupedCourse) call(ctx context.Context, t *testing.T, user int64) <-chan error {
	t.Helper()
	result := make(chan error, 1)
	c.wait.Go(func() {
		e, err := c.store.Enroll(ctx, edu.Viewer{ID: user, Role: edu.RoleStudent}, grouped, nil)
		if err == nil && (e.UserID != user || e.CourseID != grouped) {
			err = errors.New("the enrollment is that of another call")
		}
		result <- err
	})
	c.calls++
	for c.store.GroupedCalls(grouped) < c.calls {
		time.Sleep(time.Millisecond)
	}
	return result
}

// end lets the calls go on, and waits for their ends.
func (c *groupedCourse) end(t *testing.T) {
	t.Helper()
	if err := c.lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.wait.Wait()
}

func (c *groupedCourse) isEnrolled(t *testing.T, user int64) bool {
	t.Helper()
	return value[int](t, c.db, "SELECT count(*)::int FROM enrollments WHERE course_id = 1 AND user_id = $1", user) == 1
}

// TestGroupedEnrollments checks that calls that wait for one course share a transaction, and that each has a result of its
// own.
func TestGroupedEnrollments(t *testing.T) {
	t.Parallel()
	c := newGroupedCourse(t)
	exec(t, c.db, "INSERT INTO enrollments (user_id, course_id) VALUES (1, 1) ON CONFLICT DO NOTHING")
	gone, cancel := context.WithCancel(t.Context())
	first := c.call(gone, t, 2)
	enrolled := []<-chan error{c.call(t.Context(), t, 3), c.call(t.Context(), t, 4), c.call(t.Context(), t, 5)}
	rejected := []<-chan error{c.call(t.Context(), t, 3), c.call(t.Context(), t, 1)}
	awaitBlocked(t, c.db)
	cancel() // the others go on
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose caller has gone: %v", err)
	}
	c.end(t)
	for _, result := range enrolled {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
	for _, result := range rejected {
		problems, ok := errors.AsType[edu.UserErrors](<-result)
		if !ok || problems[0].Code != edu.UserAlreadyExists {
			t.Errorf("a viewer who is enrolled already: %v", problems)
		}
	}
	if n := value[int](t, c.db, "SELECT count(DISTINCT xmin::text)::int FROM enrollments WHERE course_id = 1 AND user_id > 1"); n != 1 {
		t.Errorf("%d transactions, want one", n)
	}
	if c.isEnrolled(t, 2) {
		t.Error("a viewer who has gone before the course was locked is enrolled")
	}
	if n := value[int](t, c.db, "SELECT enrollment_count - (SELECT count(*) FROM enrollments WHERE course_id = 1)::int FROM courses WHERE id = 1"); n != 0 {
		t.Errorf("the counter differs by %d", n)
	}
}

// TestGroupWithDeletedAccount checks that a call that fails does not fail the others.
func TestGroupWithDeletedAccount(t *testing.T) {
	t.Parallel()
	c := newGroupedCourse(t)
	deleted, other := c.call(t.Context(), t, 1<<40), c.call(t.Context(), t, 2)
	c.end(t)
	if err := <-deleted; !errors.Is(err, edu.Unauthenticated) {
		t.Errorf("a deleted account: %v", err)
	}
	if err := <-other; err != nil || !c.isEnrolled(t, 2) {
		t.Errorf("the other call: %v", err)
	}
}

// TestAbandonedGroup checks that a transaction is cancelled when its last caller has gone, and that later calls are not part
// of it.
func TestAbandonedGroup(t *testing.T) {
	t.Parallel()
	c := newGroupedCourse(t)
	gone, cancel := context.WithCancel(t.Context())
	abandoned := []<-chan error{c.call(gone, t, 2), c.call(gone, t, 4)}
	awaitBlocked(t, c.db)
	cancel()
	for _, result := range abandoned {
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("an abandoned call: %v", err)
		}
	}
	c.calls = 0
	later := c.call(t.Context(), t, 3)
	c.end(t)
	if err := <-later; err != nil || c.isEnrolled(t, 2) || c.isEnrolled(t, 4) {
		t.Errorf("a later call: %v; the abandoned ones are enrolled: %v, %v", err, c.isEnrolled(t, 2), c.isEnrolled(t, 4))
	}
}
