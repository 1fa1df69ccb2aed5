package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// enrollLog has two concurrent transactions, of which one enrolls. In PostgreSQL's log, lines of a
// statement after the first begin with a tab.
const enrollLog = `2026-11-24 00:00:00.001 UTC [7] LOG:  execute stmtcache_1: BEGIN
2026-11-24 00:00:00.002 UTC [8] LOG:  execute stmtcache_1: BEGIN
2026-11-24 00:00:00.003 UTC [8] LOG:  execute stmtcache_2: -- name: RefreshAnalytics
	SELECT refresh_analytics()
2026-11-24 00:00:00.004 UTC [7] LOG:  execute stmtcache_3: -- name: LockCourse
	SELECT c.id
		FROM courses c WHERE c.id = $1
2026-11-24 00:00:00.004 UTC [7] DETAIL:  parameters: $1 = '5'
2026-11-24 00:00:00.005 UTC [8] LOG:  execute stmtcache_4: COMMIT
2026-11-24 00:00:00.006 UTC [7] LOG:  execute stmtcache_5: -- name: Enroll
	INSERT INTO enrollments (user_id, course_id) SELECT user_id, $2 FROM unnest($1) AS t (user_id)
2026-11-24 00:00:00.006 UTC [7] DETAIL:  parameters: $1 = '3', $2 = '5'
2026-11-24 00:00:00.007 UTC [7] LOG:  execute stmtcache_4: COMMIT
`

func TestRenderScript(t *testing.T) {
	t.Parallel()
	s := pgbenchScript{prologue: "\\set course 5\n", parameters: enrollParameters, secondTripStart: "Enroll"}
	got, err := s.renderScript(findTransaction(enrollLog, "Enroll"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `\set i :i + 1
\set course 5
\startpipeline
BEGIN;
-- name: LockCourse
SELECT c.id
	FROM courses c WHERE c.id = :course;
\endpipeline
\startpipeline
-- name: Enroll
INSERT INTO enrollments (user_id, course_id) SELECT user_id, :course FROM unnest(ARRAY[:user]::bigint[]) AS t (user_id);
COMMIT;
\endpipeline
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A new statement of the server must not be missing from the measurement.
func TestRenderScriptRejectsUnknownStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, log, want string }{
		{"no transaction", strings.ReplaceAll(enrollLog, "Enroll", "Unenroll"), "no transaction with Enroll"},
		{"another statement", strings.ReplaceAll(enrollLog, "LockCourse", "LockUser"), "LockUser"},
		{"another parameter", strings.ReplaceAll(enrollLog, "c.id = $1", "c.id = $1 AND c.slug = $2"), "$2"},
	} {
		s := pgbenchScript{parameters: enrollParameters, secondTripStart: "Enroll"}
		if got, err := s.renderScript(findTransaction(c.log, "Enroll")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v and script %q, want an error with %q", c.name, err, got, c.want)
		}
	}
}

// All 100 events lie within their videos, every video is watched to its end, and the last event of a
// course is the time when it was last watched.
func TestSimulateWatching(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for videos := 1; videos <= eventsPerWrite; videos++ {
		var lessons []lesson
		for v := range int64(videos) {
			lessons = append(lessons, lesson{User: 3, Course: 10 + 2*v/int64(videos), Video: v, Seconds: 600 + v})
		}
		w := simulateWatching(lessons, start)
		ends, last := map[int64]int64{}, map[int64]time.Time{}
		for i, v := range w.videos {
			if w.seconds[i] > ends[v] && w.seconds[i] <= 600+v {
				ends[v] = w.seconds[i]
			}
			last[lessons[v].Course] = w.times[i]
		}
		if len(w.videos) != eventsPerWrite || len(ends) != videos {
			t.Fatalf("%d events of %d videos, want %d of %d", len(w.videos), len(ends), eventsPerWrite, videos)
		}
		for v, end := range ends {
			if end != 600+v {
				t.Errorf("%d videos: video %d was watched to %d of %d s", videos, v, end, 600+v)
			}
		}
		if len(w.courses) != len(last) {
			t.Errorf("%d videos: %d courses, want %d", videos, len(w.courses), len(last))
		}
		for i, c := range w.courses {
			if !w.last[i].Equal(last[c]) {
				t.Errorf("course %d was last watched at %s, want %s", c, w.last[i], last[c])
			}
		}
	}
}

// The log has five transactions. One ends before the window, and one after it.
func TestReadPgbenchLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const log = `0 0 900 0 99 999999
0 1 2000 0 100 1000
0 2 3000 0 100 500000
1 0 4000 0 101 900000
1 1 5000 0 102 3000
`
	if err := os.WriteFile(filepath.Join(dir, "pgbench.77"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := (&pgbench{dir: dir}).readLogs(time.Unix(100, 0), 2*time.Second, 9*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// Latencies count for transactions that begin in the window: the last three.
	want := sample{
		perSecond: 1.5, p50: 4 * time.Millisecond, p95: 5 * time.Millisecond, p99: 5 * time.Millisecond,
		totalCPU: 3 * time.Millisecond, answered: 5,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("logs left: %v", left)
	}
}
