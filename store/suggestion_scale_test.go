package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// planNode is a node of a plan with what its execution found.
type planNode struct {
	NodeType     string  `json:"Node Type"`
	RelationName string  `json:"Relation Name"`
	IndexName    string  `json:"Index Name"`
	ActualRows   float64 `json:"Actual Rows"`
	ActualLoops  float64 `json:"Actual Loops"`
	HitPages     int64   `json:"Shared Hit Blocks"`
	ReadPages    int64   `json:"Shared Read Blocks"`
	Plans        []planNode
}

// explainQuery runs a query and returns its plan, the generic one that connections of the store use.
func explainQuery(t *testing.T, s *store.Store, q store.Query) planNode {
	t.Helper()
	var text string
	if err := s.RunQueries(t.Context(), store.Explain(q, &text)); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}

// visit calls see for a node and all nodes below it.
func (n planNode) visit(see func(planNode)) {
	see(n)
	for _, child := range n.Plans {
		child.visit(see)
	}
}

// The first titles of thousands of courses that match are the same as of few, and a query reads no more than
// the first matches and the popular courses unless the titles are not among these.
func TestSuggestionsOfManyCourses(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	exec(t, db, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, enrollment_count)
		SELECT 'c' || n, CASE n % 4 WHEN 0 THEN 'Alpha ' || n / 8 WHEN 1 THEN 'Practical Beta ' || n WHEN 2 THEN 'Unpopular Omega ' || n ELSE 'Draft ' || n END,
			'beginner', n % 4 <> 3, CASE WHEN n % 4 <> 3 THEN now() END, 1, 1, CASE WHEN n % 4 = 2 THEN 0 ELSE n * 7919 % 3000 END
		FROM generate_series(0, 6999) n`)
	exec(t, db, "ANALYZE courses")
	const few, all = 1600, 1750 // the first matches and the popular courses; the courses of a title
	compare := func(typed, condition string, most float64) {
		t.Helper()
		want := value[[]string](t, db, "SELECT array_agg(title) FROM (SELECT title FROM courses WHERE published AND "+condition+" GROUP BY title ORDER BY max(enrollment_count) DESC, title LIMIT 20) t")
		query := func(into func(string)) store.Query { return store.Suggestions(typed, 20, into) }
		if diff := cmp.Diff(want, readRows(t, s, query)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", typed, diff)
		}
		rows := 0.0
		explainQuery(t, s, query(func(string) {})).visit(func(n planNode) {
			if n.RelationName == "courses" {
				rows += n.ActualRows * n.ActualLoops
			}
		})
		if rows > most {
			t.Errorf("%q read %.0f rows of courses, want at most %.0f", typed, rows, most)
		}
	}
	compare("A", "title LIKE 'Alpha%'", few)
	compare("beta", "title LIKE 'Practical%'", few)
	compare("practicla", "title LIKE 'Practical%'", few)
	compare("omega", "title LIKE 'Unpopular%'", few+all)
	compare("unpopular", "title LIKE 'Unpopular%'", few+all)
	// The popular courses are some of those with as many enrollments.
	exec(t, db, "UPDATE courses SET enrollment_count = 5000 WHERE title LIKE 'Alpha%' OR title LIKE 'Practical%'")
	compare("a", "title LIKE 'Alpha%'", few+all)
	compare("practical b", "title LIKE 'Practical%'", few+all)
}
