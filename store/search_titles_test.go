package store_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// The pages of a search of one word, which begin with titles, are those of the list in the other direction, which is
// ranked as a whole. The words have several forms, and are stop words, titles, and starts of other words.
func TestTitlesRankFirst(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	exec(t, db, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT 's' || n, n::text, 'beginner', true, now(), 1 + n % 3, 1 FROM generate_series(1, 60) n; UPDATE users SET name = 'Run Data' WHERE id = 2`)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for step := range testdb.Soak(3, 30) {
		for id := range 72 {
			if r.IntN(10) < 7 {
				exec(t, db, "UPDATE courses SET title = $2, description = $3, tags = string_to_array($4, ' ') WHERE id = $1", 1+id, randomWords(r), randomWords(r), randomWords(r))
			}
		}
		for _, text := range []string{"run", "running", "the", "data", "database", "generate", `"data"`, "data running", "runs -the"} {
			q := edu.SearchArgs{Query: text, Mode: edu.SearchStrict, Page: edu.PageArgs{Limit: 1 + r.IntN(6)}}
			if r.IntN(3) == 0 {
				q.Filter.InstructorIDs = []int64{2}
			}
			forward := allHits(t, s, q)
			q.Page.Backward = true
			backward := allHits(t, s, q)
			slices.Reverse(backward)
			if diff := cmp.Diff(backward, forward); diff != "" || step == 0 && len(forward) == 0 {
				t.Fatalf("seed %d, step %d, %q in pages of %d (-backward +forward):\n%s", seed, step, text, q.Page.Limit, diff)
			}
		}
	}
}

// randomWords returns one to four words.
func randomWords(r *rand.Rand) string {
	words := []string{"run", "running", "runs", "the", "data", "database", "databases", "dat", "generation", "generate"}
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return strings.Join(words[:1+r.IntN(4)], " ")
}

// rankedCourse is a course of a search and its score.
type rankedCourse struct {
	ID    int64
	Score float64
}

// allHits reads a search page by page.
func allHits(t *testing.T, s *store.Store, q edu.SearchArgs) (all []rankedCourse) {
	t.Helper()
	for {
		var page []store.SearchHit
		if err := s.RunQueries(t.Context(), store.SearchCourses(q, func(h store.SearchHit) { page = append(page, h) })); err != nil {
			t.Fatal(err)
		}
		more := len(page) > q.Page.Limit
		for _, h := range page[:min(len(page), q.Page.Limit)] {
			all = append(all, rankedCourse{h.Course.ID, h.Score})
			cursor := (&edu.CourseHit{Node: h.Course, Score: h.Score}).Cursor()
			if q.Page.After = cursor; q.Page.Backward {
				q.Page.After, q.Page.Before = "", cursor
			}
		}
		if !more {
			return all
		}
	}
}
