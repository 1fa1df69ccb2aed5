package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

func TestMain(m *testing.M) {
	jobs.SetLeaseRenewal(20 * time.Millisecond)
	os.Exit(m.Run())
}

var discardLog = slog.New(slog.DiscardHandler)

func openStore(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Of servers that are due at the same moment one runs a job, and none runs it again before the interval has passed.
func TestExclusive(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	var runs atomic.Int64
	job := jobs.Job{Name: "count", Interval: time.Hour, Run: func(context.Context) ([]any, error) {
		runs.Add(1)
		time.Sleep(50 * time.Millisecond)
		return []any{"runs", 1}, nil
	}}
	var servers sync.WaitGroup
	for range 3 {
		s := openStore(t, dsn)
		servers.Go(func() {
			for range 5 {
				if _, err := jobs.Exclusive(s, discardLog, []jobs.Job{job})[0].Run(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	servers.Wait()
	if got := runs.Load(); got != 1 {
		t.Errorf("%d runs, want 1", got)
	}
	s, db := openStore(t, dsn), testdb.OpenPool(t, dsn)
	if _, err := db.Exec(t.Context(), "UPDATE jobs SET started_at = started_at - interval '55 minutes'"); err != nil {
		t.Fatal(err)
	}
	if report, err := jobs.Exclusive(s, discardLog, []jobs.Job{job})[0].Run(t.Context()); err != nil || len(report) != 2 {
		t.Errorf("after the interval: %v, %v", report, err)
	}
	if report, err := jobs.RunNow(t.Context(), s, discardLog, job); err != nil || len(report) != 2 || runs.Load() != 3 {
		t.Errorf("now: %v, %v, %d runs", report, err, runs.Load())
	}
}

// The state counts failures since the last success, and a job that another process runs is not run by hand.
func TestJobStates(t *testing.T) {
	t.Parallel()
	s := openStore(t, testdb.New(t))
	failure := errors.New("disk full")
	job := jobs.Job{Name: "fails", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
		if _, err := jobs.RunNow(ctx, s, discardLog, jobs.Job{Name: "fails"}); !errors.Is(err, jobs.ErrRunning) {
			t.Errorf("run by hand while it runs: %v", err)
		}
		if list, err := s.ListJobs(ctx); err != nil || len(list) != 1 || !list[0].Running {
			t.Errorf("while it runs: %+v, %v", list, err)
		}
		return nil, failure
	}}
	for want := 1; want <= 3; want++ {
		if want == 3 {
			failure = nil
		}
		if _, err := jobs.RunNow(t.Context(), s, discardLog, job); !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
		list, err := s.ListJobs(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		switch j := list[0]; {
		case j.Running || j.FinishedAt == nil:
			t.Errorf("after run %d: %+v", want, j)
		case failure != nil && (j.Failures != want || j.Error != "disk full" || j.SucceededAt != nil):
			t.Errorf("after failure %d: %+v", want, j)
		case failure == nil && (j.Failures != 0 || j.Error != "" || j.SucceededAt == nil):
			t.Errorf("after a success: %+v", j)
		}
	}
}

// The state of a job whose server stops says so.
func TestStoppedJob(t *testing.T) {
	t.Parallel()
	s := openStore(t, testdb.New(t))
	ctx, stop := context.WithCancel(t.Context())
	_, err := jobs.RunNow(ctx, s, discardLog, jobs.Job{Name: "long", Run: func(ctx context.Context) ([]any, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	list, err := s.ListJobs(t.Context())
	if err != nil || len(list) != 1 || list[0].Error != "the process stopped" || list[0].Running || list[0].Failures != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A run whose lease another one has taken over is cancelled, and does not end that of the other one. A run that goes on
// keeps its lease.
func TestLostLease(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	s, db := openStore(t, dsn), testdb.OpenPool(t, dsn)
	expire := func() {
		if _, err := db.Exec(t.Context(), "UPDATE jobs SET leased_until = now() - interval '1 second'"); err != nil {
			t.Error(err)
		}
	}
	_, err := jobs.RunNow(t.Context(), s, discardLog, jobs.Job{Name: "long", Run: func(ctx context.Context) ([]any, error) {
		expire()
		for {
			if list, err := s.ListJobs(ctx); err == nil && list[0].Running {
				break // it was renewed
			}
		}
		for claimed := false; !claimed; { // a renewal may come between
			expire()
			claimed, _ = s.ClaimJob(ctx, "long", "another", 0)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	if err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the loss of the lease", err)
	}
	if list, err := s.ListJobs(t.Context()); err != nil || !list[0].Running || list[0].FinishedAt != nil {
		t.Errorf("the other run: %+v, %v", list, err)
	}
}
