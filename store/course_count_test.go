package store_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// The totals and facets of courses are those of the list of the courses that meet the conditions, after any edits.
func TestCountsAreThoseOfTheList(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for step := range testdb.Soak(20, 300) {
		exec(t, db, `UPDATE courses SET published = random() < 0.8, category_id = 1 + n % 3, difficulty = (ARRAY['beginner', 'intermediate', 'advanced'])[1 + n / 3 % 3],
			price = n / 9 % 3, language = (ARRAY['en', 'en-GB', 'de', NULL])[1 + n / 27 % 4], tags = (ARRAY['a', 'b', 'A c'])[1 : n / 7 % 4]
			FROM (SELECT id, (1000 * random())::int AS n FROM courses WHERE random() < 0.4) r WHERE courses.id = r.id`)
		exec(t, db, "INSERT INTO reviews (user_id, course_id, rating) SELECT 1 + (20 * random())::int % 20, id, 1 + (5 * random())::int % 5 FROM courses ON CONFLICT (course_id, user_id) DO UPDATE SET rating = excluded.rating")
		for range 6 {
			where := randomConditions(r)
			list, counts := listedCounts(t, s, where), storedCounts(t, s, where)
			if diff := cmp.Diff(list, counts); diff != "" {
				t.Fatalf("seed %d, step %d: %+v (-list +counts):\n%s", seed, step, where, diff)
			}
		}
	}
}

// randomConditions returns conditions of one kind or of several kinds.
func randomConditions(r *rand.Rand) (where edu.CourseConditions) {
	for range 1 + r.IntN(2) {
		switch r.IntN(7) {
		case 0:
			where.CategoryIDs = []int64{1 + r.Int64N(3), 1}[:1+r.IntN(2)]
		case 1:
			where.Difficulties = []edu.Difficulty{edu.DifficultyBeginner, edu.DifficultyAdvanced}[r.IntN(2):]
		case 2:
			where.Price = []edu.PriceFilter{edu.PriceFree, edu.PricePaid}[r.IntN(2)]
		case 3:
			where.Languages = []string{"en", "de"}[r.IntN(2):]
		case 4:
			where.MinRating = ptr(float64(r.IntN(21)) / []float64{4, 10}[r.IntN(2)])
		case 5:
			where.Tags = []string{"a", "b", "a c"}[r.IntN(2) : 2+r.IntN(2)]
		default:
			where.MinPrice = ptr(edu.Decimal("1.50"))
		}
	}
	return where
}

// listedCounts counts the courses of a list: all, by group without the conditions of SearchGroups, by language, and by
// rating.
func listedCounts(t *testing.T, s *store.Store, where edu.CourseConditions) map[string]int {
	t.Helper()
	list := func(where edu.CourseConditions, add func(c *edu.Course)) {
		t.Helper()
		if err := s.RunQueries(t.Context(), store.Courses(where, edu.NewestCourses, edu.PageArgs{Limit: 1000, Columns: edu.AllColumns}, add)); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	list(where, func(*edu.Course) { counts["total"]++ })
	others := where
	others.CategoryIDs, others.Difficulties, others.Price, others.MinPrice = nil, nil, "", nil
	list(others, func(c *edu.Course) {
		price := edu.PricePaid
		if strings.Trim(string(c.Price.Amount), "0.") == "" {
			price = edu.PriceFree
		}
		counts[fmt.Sprint(c.CategoryID, c.Difficulty, price)]++
	})
	list(where.WithoutFacet(edu.FacetLanguages), func(c *edu.Course) {
		if c.Language != nil {
			counts["language "+*c.Language]++
		}
	})
	list(where.WithoutFacet(edu.FacetRatings), func(c *edu.Course) {
		for i, step := range edu.FacetRatingSteps {
			if c.Rating != nil && *c.Rating >= step {
				counts[fmt.Sprint("rating ", i)]++
			}
		}
	})
	return counts
}

// storedCounts reads the same counts as listedCounts.
func storedCounts(t *testing.T, s *store.Store, where edu.CourseConditions) map[string]int {
	t.Helper()
	counts, total := map[string]int{}, 0
	addFacet := func(name string) func(string, int) {
		return func(value string, n int) { counts[name+value] = n }
	}
	q := edu.SearchArgs{Filter: where}
	err := s.RunQueries(t.Context(), store.CountCourses(where, &total),
		store.SearchGroups(q, func(g store.SearchGroup) { counts[fmt.Sprint(g.CategoryID, g.Difficulty, g.Price)] += g.Count }),
		store.SearchFacet(q, edu.FacetLanguages, addFacet("language ")), store.SearchFacet(q, edu.FacetRatings, addFacet("rating ")))
	if err != nil {
		t.Fatal(err)
	}
	counts["total"] = total
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	return counts
}

// Writers of the counts neither deadlock nor lose a difference, while others replace rows by their sums and some writes
// are rolled back.
func TestConcurrentCourseCounts(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	var writers errgroup.Group
	for course := 1; course <= 12; course++ {
		writers.Go(func() error {
			for step := range 20 {
				if err := changeCells(t.Context(), db, course, step); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	if bad := value[int](t, db, wrongCounters); bad != 0 {
		t.Errorf("%d rows have wrong counters", bad)
	}
	exec(t, db, "SELECT sum_course_counts()")
	if rows, cells := value[int](t, db, "SELECT count(*) FROM course_counts"), value[int](t, db, "SELECT count(*) FROM (SELECT FROM course_counts GROUP BY category_id, difficulty, free, language, rating_part) c"); rows != cells {
		t.Errorf("%d rows for %d cells after all were replaced by their sums", rows, cells)
	}
}

// changeCells changes a course several times in a transaction, replaces counts by their sums, and rolls some of the steps
// back. Odd and even courses pass the same counts in opposite orders.
func changeCells(ctx context.Context, db *pgxpool.Pool, course, step int) error {
	difficulties := []string{"beginner", "intermediate", "advanced"}
	if course%2 == 0 {
		slices.Reverse(difficulties)
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, d := range difficulties {
		if _, err := tx.Exec(ctx, "UPDATE courses SET difficulty = $1, price = $2 WHERE id = $3", d, step%2, course); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "SELECT sum_course_counts()"); err != nil || step%4 == 3 {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE courses SET published = NOT published WHERE id = $1", course); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
