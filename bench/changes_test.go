package main

import (
	"context"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// These benchmarks run the same writes, in turn, on a database with change tracking and on one without
// its triggers. "tracked-ms" and "untracked-ms" are medians of a write, "ratio" is the quotient. Run them
// with -benchtime 500x.

// BenchmarkChangesOfEnroll enrolls students in a course.
func BenchmarkChangesOfEnroll(b *testing.B) {
	compareTracking(b, func(ctx context.Context, s *store.Store, n int) error {
		v := edu.Viewer{ID: 20 + int64(n%100), Role: edu.RoleAdmin}
		_, err := s.Enroll(ctx, v, 24, nil)
		return err
	}, "DELETE FROM enrollments WHERE course_id = 24")
}

// BenchmarkChangesOfProgress records 100 events of one course.
func BenchmarkChangesOfProgress(b *testing.B) {
	compareTracking(b, func(ctx context.Context, s *store.Store, n int) error {
		events := make([]edu.VideoEvent, 100)
		for i := range events {
			events[i] = edu.VideoEvent{VideoID: videosOf24[i%len(videosOf24)], ProgressSeconds: i % 30, WatchedAt: time.Now()}
		}
		_, err := s.RecordProgress(ctx, edu.Viewer{ID: 20 + int64(n%100), Role: edu.RoleAdmin}, events, nil)
		return err
	}, "INSERT INTO enrollments (user_id, course_id) SELECT generate_series(20, 119), 24 ON CONFLICT DO NOTHING")
}

var videosOf24 []int64

// compareTracking runs a write on both databases in turn. It runs the SQL prepare before every 100 writes.
func compareTracking(b *testing.B, write func(ctx context.Context, s *store.Store, n int) error, prepare string) {
	b.Helper()
	var stores [2]*store.Store
	for i := range stores {
		db, err := store.Open(b.Context(), store.Config{URL: testdb.NewWithDemo(b), MaxConns: 2})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(db.Close)
		stores[i] = db
	}
	exec := func(s *store.Store, sql string) {
		b.Helper()
		if _, err := s.PrimaryPool().Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	exec(stores[1], `DO $$ DECLARE t record; BEGIN
		FOR t IN SELECT tgrelid::regclass AS target, tgname FROM pg_trigger WHERE tgname LIKE 'written\_%' LOOP
			EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.target);
		END LOOP; END $$`)
	if err := stores[0].PrimaryPool().QueryRow(b.Context(), "SELECT array_agg(id) FROM videos WHERE course_id = 24").Scan(&videosOf24); err != nil {
		b.Fatal(err)
	}
	var times [2][]time.Duration
	n := 0
	for b.Loop() {
		for i, s := range stores {
			if n%100 == 0 {
				exec(s, prepare)
			}
			start := time.Now()
			if err := write(b.Context(), s, n); err != nil {
				b.Fatal(err)
			}
			times[i] = append(times[i], time.Since(start))
		}
		n++
	}
	tracked, untracked := median(times[0]), median(times[1])
	b.ReportMetric(milliseconds(tracked), "tracked-ms")
	b.ReportMetric(milliseconds(untracked), "untracked-ms")
	b.ReportMetric(durationRatio(tracked, untracked), "ratio")
}

// BenchmarkPollOfChanges reads the changes since the last poll, of which there are none, while 20,000 earlier ones are
// stored: with no transaction open, and with one that began before them.
func BenchmarkPollOfChanges(b *testing.B) {
	for _, c := range []struct{ name, begin string }{
		{"no open transaction", ""},
		{"an open transaction that writes", "SELECT pg_current_xact_id()"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, err := store.Open(b.Context(), store.Config{URL: testdb.NewWithDemo(b), MaxConns: 2})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if c.begin != "" {
				tx, err := s.PrimaryPool().Begin(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = tx.Rollback(context.WithoutCancel(b.Context())) }()
				if _, err := tx.Exec(b.Context(), c.begin); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := s.PrimaryPool().Exec(b.Context(), "INSERT INTO changes (tags) SELECT '{user:1}' FROM generate_series(1, 20000)"); err != nil {
				b.Fatal(err)
			}
			at, _, err := s.ChangesSince(b.Context(), store.Snapshot{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, found, err := s.ChangesSince(b.Context(), at); err != nil || len(found) > 0 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
