package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Pages of search results from the end are the list of the pages from the start, in every order.
func TestPagesOfSearch(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	// Two courses of each rank, so that the id decides.
	exec(t, db, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, enrollment_count, rating_average, price)
		SELECT 's' || n, repeat('go ', 1 + n / 2 % 3), 'beginner', true, timestamptz '2026-01-01' + n / 2 * interval '1 day', 1, 1, 9 - n / 2, nullif(n / 2 % 4, 0), n / 2 % 3
		FROM generate_series(1, 9) n`)
	for _, text := range []string{"go", ""} {
		for by, order := range map[edu.CourseOrder]string{
			{}: "CASE WHEN $1 = '' THEN 0 ELSE ts_rank(search_vector, websearch_to_tsquery('english', $1)) + (title_key = $1)::int END",
			{Field: edu.CoursesByRating, Direction: edu.Descending}: "coalesce(rating_average, 0)", {Field: edu.CoursesByEnrollments, Direction: edu.Descending}: "enrollment_count",
			{Field: edu.CoursesByPublishedAt, Direction: edu.Descending}: "published_at", {Field: edu.CoursesByTitle, Direction: edu.Ascending}: "title", {Field: edu.CoursesByPrice, Direction: edu.Ascending}: "price",
			{Field: edu.CoursesByRating, Direction: edu.Ascending}: "coalesce(rating_average, 0)",
		} {
			direction := "DESC"
			if by.Direction == edu.Ascending {
				direction = "ASC"
			}
			want := value[[]int64](t, db, "SELECT array_agg(id ORDER BY "+order+" "+direction+", id "+direction+") FROM courses WHERE $1 = $1", text)
			for _, backward := range []bool{false, true} {
				got := pageThroughSearch(t, s, text, by, backward)
				if backward {
					slices.Reverse(got)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q by %v, backward %v: %v, want %v", text, by, backward, got, want)
				}
			}
		}
	}
}

// pageThroughSearch returns the ids of all pages of two results, by relevance for the zero order.
func pageThroughSearch(t *testing.T, s *store.Store, text string, by edu.CourseOrder, backward bool) (ids []int64) {
	t.Helper()
	order := &by
	if by.Field == "" {
		order = nil
	}
	args := edu.SearchArgs{Query: text, Order: order, Page: edu.PageArgs{Limit: 1, Backward: backward}}
	for range 20 {
		hits := readRows(t, s, func(into func(store.SearchHit)) store.Query { return store.SearchCourses(args, into) })
		for _, h := range hits {
			ids = append(ids, h.Course.ID)
		}
		if len(hits) < 2 {
			return ids
		}
		last := hits[len(hits)-1]
		cursor := (&edu.CourseHit{Node: last.Course, Score: last.Score, Order: order}).Cursor()
		args.Page.After, args.Page.Before = cursor, ""
		if backward {
			args.Page.After, args.Page.Before = "", cursor
		}
	}
	t.Fatalf("the pages have no end: %v", ids)
	return nil
}

// The days of the platform begin with the requested one.
func TestPlatformEnrollments(t *testing.T) {
	t.Parallel()
	s, _ := stageFigures(t)
	second := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	got := readRows(t, s, func(into func(edu.TimePoint)) store.Query {
		return store.PlatformEnrollments(edu.IntervalDay, second, into)
	})
	if len(got) != 1 || !got[0].At.Equal(second) || got[0].Value != 1 {
		t.Errorf("%v, want one enrollment on the second", got)
	}
}

// A call with the key that another server runs waits until that is committed, and replays its response.
func TestRunIdempotentWaitsForItsKey(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	config := store.Config{URL: dsn, MaxConns: 4, MaxLockTime: time.Minute} // it waits as long as this test polls
	first, second, db := open(t, config), open(t, config), testdb.OpenPool(t, dsn)
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	started, release := make(chan struct{}, 2), make(chan struct{})
	results := make(chan string, 2)
	call := func(s *store.Store, category int64) {
		response, replayed, err := s.RunIdempotent(t.Context(), store.IdempotentRun{Key: [32]byte{9}}, func(s *store.Store) ([]byte, error) {
			err := s.WriteInTx(t.Context(), func(tx *store.Tx) error { return tx.RunQueries(t.Context(), bump(category)) })
			if err == nil {
				started <- struct{}{}
				<-release
			}
			return []byte("done"), err
		})
		results <- fmt.Sprintf("%s %v %v", response, replayed, err)
	}
	go call(first, 1)
	select {
	case <-started:
	case got := <-results:
		t.Fatalf("the first call returned %s", got)
	}
	go call(second, 2)
	const waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory')"
	for len(started)+len(results) == 0 && !value[bool](t, db, waiting) { // a call without the lock starts
	}
	close(release)
	got := []string{<-results, <-results}
	slices.Sort(got)
	if want := []string{"done false <nil>", "done true <nil>"}; !slices.Equal(got, want) || len(started) != 0 {
		t.Errorf("%q, %d more ran, want %q", got, len(started), want)
	}
}
