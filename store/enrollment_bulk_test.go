package store_test

import (
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Two bulk enrollments may run in one outer transaction, as in an operation with an
// Idempotency-Key.
func TestBulkEnrollTwice(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	admin := edu.Viewer{ID: 3, Role: edu.RoleAdmin}
	err := s.RunAtomically(t.Context(), func(s *store.Store) error {
		for _, want := range []store.BulkEnrollment{{Enrolled: 2}, {AlreadyEnrolled: 2}} {
			got, err := s.BulkEnroll(t.Context(), admin, 31, []string{"student@7p.example", "admin@7p.example"}, nil)
			if err != nil {
				return err
			}
			if got.Enrolled != want.Enrolled || got.AlreadyEnrolled != want.AlreadyEnrolled {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM enrollments WHERE course_id = 31 AND user_id IN (1, 3)"); n != 2 {
		t.Errorf("%d enrollments, want 2", n)
	}
}

// An account whose email occurs twice in different case is one account, enrolled or not.
func TestBulkEnrollCountsAccountsOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.NewWithDemo(t))
	emails := []string{"student@7p.example", "STUDENT@7p.example", "nobody@7p.example"}
	for _, want := range []store.BulkEnrollment{{Enrolled: 1}, {AlreadyEnrolled: 1}} {
		got, err := s.BulkEnroll(t.Context(), edu.Viewer{ID: 3, Role: edu.RoleAdmin}, 31, emails, nil)
		if err != nil || got.Enrolled != want.Enrolled || got.AlreadyEnrolled != want.AlreadyEnrolled || len(got.UnknownEmails) != 1 {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
}

// A bulk enrollment locks its accounts in the order of their ids.
func TestBulkEnrollLocksAccountsInOrder(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	var got store.BulkEnrollment
	expectLockOrder(t, db, "users", [2]int64{1, 3}, func() (err error) {
		got, err = s.BulkEnroll(t.Context(), edu.Viewer{ID: 3, Role: edu.RoleAdmin}, 31, []string{"admin@7p.example", "student@7p.example"}, nil)
		return err
	})
	if got.Enrolled != 2 {
		t.Errorf("%+v, want 2 enrolled", got)
	}
}
