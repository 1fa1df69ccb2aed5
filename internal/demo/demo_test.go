package demo_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/argon2"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

var now = time.Date(2026, 11, 22, 15, 4, 5, 0, time.UTC)

func load(t testing.TB, o demo.Options) *pgxpool.Pool {
	t.Helper()
	pool := testdb.OpenPool(t, testdb.New(t))
	if err := demo.Load(t.Context(), pool, o); err != nil {
		t.Fatal(err)
	}
	return pool
}

// list returns the first column of a query's rows, as text.
func list(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return values
}

func checksums(t *testing.T, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, table := range []string{
		"users", "categories", "courses", "videos", "sections", "enrollments", "reviews", "video_progress", "wishlist_items",
		"course_words", "search_terms", "course_related", "platform_days", "user_activity", "active_days",
		"(SELECT course_id, average_progress, completions, watch_time_seconds FROM course_analytics)",
	} {
		sql := fmt.Sprintf("SELECT count(*) || ' ' || md5(string_agg(x::text, ',' ORDER BY x::text)) FROM %s x", table)
		sums[table] = list(t, pool, sql)[0]
	}
	return sums
}

// TestLoadIgnoresStatementTimeout checks that the pool's statement timeout does not apply to a load, and
// applies again after it.
func TestLoadIgnoresStatementTimeout(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenTimeoutPool(t, testdb.New(t))
	if err := demo.Load(t.Context(), pool, demo.Options{Scale: demo.Small, Now: now}); err != nil {
		t.Error(err)
	}
	if _, err := pool.Exec(t.Context(), "SELECT pg_sleep(1)"); err == nil {
		t.Error("the statement timeout of the pool is gone")
	}
}

// A refresh of the analytics that begins during a load waits for its end. Neither is the victim of a deadlock.
func TestLoadDuringRefresh(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	refreshed := make(chan error, 1)
	begin := sync.OnceFunc(func() {
		go func() {
			refreshed <- pgx.BeginTxFunc(t.Context(), pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), "LOCK TABLE platform_totals IN SHARE ROW EXCLUSIVE MODE; SELECT refresh_analytics()")
				return err
			})
		}()
		const waiting = "SELECT relname FROM pg_locks JOIN pg_class c ON c.oid = relation WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
		for len(refreshed) == 0 && len(list(t, pool, waiting)) == 0 {
			time.Sleep(time.Millisecond)
		}
	})
	err := demo.Load(t.Context(), pool, demo.Options{Scale: demo.Small, Now: now, Progress: func(string, int64, int64) { begin() }})
	if err := errors.Join(err, <-refreshed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2000 20000"}, list(t, pool, "SELECT users || ' ' || enrollments FROM platform_totals")); diff != "" {
		t.Errorf("users and enrollments (-want +got):\n%s", diff)
	}
}

func TestSameSeedSameRows(t *testing.T) {
	t.Parallel()
	first := checksums(t, load(t, demo.Options{Scale: demo.Small, Seed: 7, Now: now}))
	second := checksums(t, load(t, demo.Options{Scale: demo.Small, Seed: 7, Now: now}))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("two loads of one seed differ (-first +second):\n%s", diff)
	}
	other := checksums(t, load(t, demo.Options{Scale: demo.Small, Seed: 8, Now: now}))
	for _, table := range []string{"users", "courses", "videos", "enrollments", "reviews", "video_progress"} {
		if first[table] == other[table] {
			t.Errorf("another seed generated the same %s", table)
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	reported := map[string][2]int64{}
	pool := load(t, demo.Options{
		Scale: demo.Small, Seed: 1, Now: now,
		Progress: func(table string, done, total int64) { reported[table] = [2]int64{done, total} },
	})
	for table, want := range map[string][2]int64{ // minimum and maximum
		"categories": {20, 20}, "users": {2_000, 2_000}, "courses": {200, 200}, "videos": {1_400, 1_800}, "sections": {400, 700},
		"enrollments": {20_000, 20_000}, "reviews": {5_400, 6_600}, "video_progress": {36_000, 46_000},
	} {
		var n, next int64
		if err := pool.QueryRow(t.Context(), "SELECT count(*), nextval(pg_get_serial_sequence('"+table+"', 'id')) FROM "+table).Scan(&n, &next); err != nil {
			t.Fatal(err)
		}
		if n < want[0] || n > want[1] {
			t.Errorf("%d %s, want %d to %d", n, table, want[0], want[1])
		}
		if next != n+1 {
			t.Errorf("the next id of %s is %d, want %d", table, next, n+1)
		}
		if got := reported[table]; got != [2]int64{n, n} {
			t.Errorf("last progress of %s is %v, want all of %d", table, got, n)
		}
	}
}

func TestLoadRejectsData(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	if found, err := demo.HasData(t.Context(), pool); err != nil || found {
		t.Fatalf("HasData of an empty database = %v, %v", found, err)
	}
	if _, err := pool.Exec(t.Context(), "INSERT INTO users (name, email) VALUES ('Ada', 'ada@mail.example')"); err != nil {
		t.Fatal(err)
	}
	if found, err := demo.HasData(t.Context(), pool); err != nil || !found {
		t.Fatalf("HasData with a user = %v, %v", found, err)
	}
	err := demo.Load(t.Context(), pool, demo.Options{Scale: demo.Small, Now: now})
	if !errors.Is(err, demo.ErrNotEmpty) {
		t.Errorf("Load = %v, want ErrNotEmpty", err)
	}
}

func TestLoadRejectsInvalidOptions(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	for want, o := range map[string]demo.Options{
		"unknown scale \"huge\"": {Scale: "huge", Now: now},
		"Now is not set":         {Scale: demo.Small},
	} {
		if err := demo.Load(t.Context(), pool, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%+v) = %v, want %s", o, err, want)
		}
	}
}

// definitions returns the constraints, indexes and triggers of all tables.
func definitions(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	return list(t, pool, `
		SELECT format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT format('%s %s %s', indexrelid::regclass, indisvalid, pg_get_indexdef(indexrelid))
		FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = 'public'::regnamespace
		UNION ALL SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
		ORDER BY 1`)
}

func TestLoadLeavesSchemaUnchanged(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	_, err := pool.Exec(t.Context(), "SELECT ensure_progress_partitions($1, $2)", now.AddDate(0, 0, -100), now.AddDate(0, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	before := definitions(t, pool)
	if err := demo.Load(t.Context(), pool, demo.Options{Scale: demo.Small, Now: now}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, definitions(t, pool)); diff != "" {
		t.Errorf("definitions (-before +after):\n%s", diff)
	}
}

func TestCancelledLoadLeavesNothing(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	before := definitions(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	err := demo.Load(ctx, pool, demo.Options{Scale: demo.Small, Now: now, Progress: func(table string, _, _ int64) {
		if table == "video_progress" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Load = %v, want context.Canceled", err)
	}
	if found, err := demo.HasData(t.Context(), pool); err != nil || found {
		t.Errorf("HasData = %v, %v, want no data", found, err)
	}
	if diff := cmp.Diff(before, definitions(t, pool)); diff != "" {
		t.Errorf("definitions (-before +after):\n%s", diff)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	pool := load(t, demo.Options{Scale: demo.Small, Seed: 3, Now: now})
	got := list(t, pool, `SELECT format('%s %s %s %s', id, email, role,
		(SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(preferences) k))
		FROM users WHERE password_hash IS NOT NULL ORDER BY id`)
	const keys = "emailNotifications locale playbackSpeed theme"
	want := []string{
		"1 student@7p.example student " + keys, "2 instructor@7p.example instructor " + keys, "3 admin@7p.example admin " + keys,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	var version, memory, passes, lanes int
	part := strings.Split(list(t, pool, "SELECT password_hash FROM users WHERE id = 1")[0], "$")
	if _, err := fmt.Sscanf(part[2]+" "+part[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil {
		t.Fatal(err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(part[4])
	if err != nil {
		t.Fatal(err)
	}
	key := argon2.IDKey([]byte(demo.Password), salt, uint32(passes), uint32(memory), uint8(lanes), 32)
	if base64.RawStdEncoding.EncodeToString(key) != part[5] {
		t.Error("the stored hash does not match demo.Password")
	}
	for _, minimum := range []struct {
		name string
		n    int
		sql  string
	}{
		{"courses not begun", 4, "SELECT count(*) FROM enrollments WHERE user_id = 1 AND progress = 0"},
		{"courses in progress", 6, "SELECT count(*) FROM enrollments WHERE user_id = 1 AND progress > 0 AND progress < 100"},
		{"courses completed", 4, "SELECT count(*) FROM enrollments WHERE user_id = 1 AND progress = 100"},
		{"categories", 5, "SELECT count(DISTINCT category_id) FROM enrollments JOIN courses c ON c.id = course_id WHERE user_id = 1"},
		{"reviews", 6, "SELECT count(*) FROM reviews WHERE user_id = 1"},
		{"days of 30", 20, `SELECT count(DISTINCT watched_at::date) FROM video_progress
			WHERE user_id = 1 AND watched_at > timestamptz '2026-11-22 15:04:05Z' - interval '30 days'`},
		{"published courses", 10, "SELECT count(*) FROM courses WHERE instructor_id = 2 AND published"},
		{"drafts", 2, "SELECT count(*) FROM courses WHERE instructor_id = 2 AND published_at IS NULL"},
		{"students", 2_000, "SELECT sum(enrollment_count) FROM courses WHERE instructor_id = 2"},
		{"tenths of a star", 42, "SELECT floor(10 * avg(rating_average)) FROM courses WHERE instructor_id = 2"},
	} {
		var n int
		if err := pool.QueryRow(t.Context(), minimum.sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", minimum.name, err)
		}
		if n < minimum.n {
			t.Errorf("%d %s, want %d at least", n, minimum.name, minimum.n)
		}
	}
}
