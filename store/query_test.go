package store_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// hit is what a query gives: rows, or a value that is not zero.
type hit struct {
	rows  int
	found func() bool
}

func countStatements[V any](h *hit) func(V)   { return func(V) { h.rows++ } }
func countUnder[V any](h *hit) func(int64, V) { return func(int64, V) { h.rows++ } }

// known are the queries by their function's name, each with arguments that must
// find rows in the demo data.
var known = map[string]func(*hit) store.Query{
	"CoursesByID": func(h *hit) store.Query {
		return store.CoursesByID([]int64{1, 24, 999999}, edu.AllColumns, countStatements[*edu.Course](h))
	},
	"CourseBySlug": func(h *hit) store.Query {
		return store.CourseBySlug("vue-fundamentals", 0, countStatements[*edu.Course](h))
	},
	"Courses": func(h *hit) store.Query {
		return store.Courses(everyCondition, edu.NewestCourses, page, countStatements[*edu.Course](h))
	},
	"CoursesByCategory": func(h *hit) store.Query {
		return store.CoursesByCategory([]int64{1, 2}, edu.NewestCourses, page, countUnder[*edu.Course](h))
	},
	"CoursesByInstructor": func(h *hit) store.Query {
		return store.CoursesByInstructor([]int64{2}, true, page, countUnder[*edu.Course](h))
	},
	"CountCoursesByInstructor": func(h *hit) store.Query {
		return store.CountCoursesByInstructor([]int64{2}, false, countUnder[int](h))
	},
	"RelatedCourses": func(h *hit) store.Query {
		return store.RelatedCourses([]int64{24}, 5, edu.AllColumns, countUnder[*edu.Course](h))
	},
	"Categories":     func(h *hit) store.Query { return store.Categories(countStatements[*edu.Category](h)) },
	"CategoriesByID": func(h *hit) store.Query { return store.CategoriesByID([]int64{1}, countStatements[*edu.Category](h)) },
	"CategoryBySlug": func(h *hit) store.Query {
		return store.CategoryBySlug("web-development", countStatements[*edu.Category](h))
	},
	"TopCategories": func(h *hit) store.Query { return store.TopCategories(3, countStatements[*edu.Category](h)) },
	"UsersByID": func(h *hit) store.Query {
		return store.UsersByID([]int64{1, 2}, edu.AllColumns, countStatements[*edu.User](h))
	},
	"AccountOf": func(h *hit) store.Query {
		return store.LookupAccount(0, "STUDENT@7p.example", 0, countStatements[store.Account](h))
	},
	"CredentialsByEmail": func(h *hit) store.Query {
		return store.CredentialsByEmail("STUDENT@7p.example", countStatements[store.Credentials](h))
	},
	"VideosByID":     func(h *hit) store.Query { return store.VideosByID([]int64{1}, countStatements[*edu.Video](h)) },
	"VideosByCourse": func(h *hit) store.Query { return store.VideosByCourse([]int64{1, 24}, page, countUnder[*edu.Video](h)) },
	"ProgressByVideo": func(h *hit) store.Query {
		return store.ProgressByVideo(1, watched, countStatements[*edu.VideoProgress](h))
	},
	"ReviewsByID": func(h *hit) store.Query { return store.ReviewsByID([]int64{1}, countStatements[*edu.Review](h)) },
	"ReviewsByCourse": func(h *hit) store.Query {
		joined := page
		joined.JoinedColumns = edu.UserName
		return store.ReviewsByCourse([]int64{24}, joined, func(r *edu.Review, author *edu.User) {
			if author.ID == r.AuthorID && author.Name != "" {
				countStatements[*edu.Review](h)(r)
			}
		})
	},
	"EnrollmentsByID": func(h *hit) store.Query {
		return store.EnrollmentsByID([]int64{1}, countStatements[*edu.Enrollment](h))
	},
	"EnrollmentsOfUserIn": func(h *hit) store.Query {
		return store.EnrollmentsInCourses(1, every(200), countStatements[*edu.Enrollment](h))
	},
	"EnrollmentsByUser": func(h *hit) store.Query {
		return store.EnrollmentsByUser([]int64{1}, store.EnrollmentList{Status: edu.Completed, Order: edu.LastOpenedEnrollments}, page, countUnder[*edu.Enrollment](h))
	},
	"CountEnrollmentsByUser": func(h *hit) store.Query {
		return store.CountEnrollmentsByUser([]int64{1}, edu.InProgress, countUnder[int](h))
	},
	"EnrollmentsByCourse": func(h *hit) store.Query {
		return store.EnrollmentsByCourse([]int64{24}, page, countUnder[*edu.Enrollment](h))
	},
	"RecentEnrollments": func(h *hit) store.Query {
		return store.RecentEnrollments(1, testdb.Now.AddDate(-1, 0, 0), 5, countStatements[*edu.Enrollment](h))
	},
	"WatchTimeSeries": func(h *hit) store.Query {
		return store.WatchTimeSeries(1, edu.IntervalDay, testdb.Now.AddDate(0, -1, 0), countStatements[edu.TimePoint](h))
	},
	"RecommendedCourses": func(h *hit) store.Query {
		return store.RecommendedCourses(1, 5, edu.AllColumns, countStatements[*edu.Course](h))
	},
	"AnalyticsByCourse": func(h *hit) store.Query {
		return store.AnalyticsByCourse([]int64{24}, countStatements[*edu.CourseAnalytics](h))
	},
	"TopCourses": func(h *hit) store.Query {
		return store.TopCourses(2, 5, edu.AllColumns, countStatements[*edu.Course](h))
	},
	"InstructorEnrollments": func(h *hit) store.Query {
		return store.InstructorEnrollments(2, edu.IntervalWeek, testdb.Now.AddDate(-1, 0, 0), countStatements[edu.TimePoint](h))
	},
	"PlatformEnrollments": func(h *hit) store.Query {
		return store.PlatformEnrollments(edu.IntervalMonth, testdb.Now.AddDate(-1, 0, 0), countStatements[edu.TimePoint](h))
	},
	"SearchCourses": func(h *hit) store.Query {
		return store.SearchCourses(edu.SearchArgs{Query: "web", Sort: edu.SortRelevance, Page: page}, countStatements[store.SearchHit](h))
	},
	"SearchGroups": func(h *hit) store.Query {
		return store.SearchGroups(edu.SearchArgs{Query: "web"}, countStatements[store.SearchGroup](h))
	},
	"Corrections": func(h *hit) store.Query {
		return store.Corrections([]string{"pyton"}, countStatements[store.Correction](h))
	},
	"Suggestions": func(h *hit) store.Query { return store.Suggestions("the", 3, countStatements[string](h)) },

	// Those that always give one row, into a value that must not stay zero.
	"CountCourses":    single(func(n *int) store.Query { return store.CountCourses(everyCondition, n) }),
	"DashboardCounts": single(func(c *edu.DashboardCounts) store.Query { return store.DashboardCounts(1, c) }),
	"WatchTime":       single(func(n *int) store.Query { return store.WatchTime(1, testdb.Now.AddDate(0, -1, 0), n) }),
	"InstructorTotals": single(func(t *edu.InstructorTotals) store.Query {
		return store.InstructorTotals(2, t)
	}),
	"PlatformTotals":   single(store.PlatformTotals),
	"ActiveUsers":      single(func(n *int) store.Query { return store.ActiveUsers(testdb.Now.AddDate(0, -1, 0), n) }),
	"DocumentsVersion": single(store.DocumentsVersion),
	"Documents":        func(h *hit) store.Query { return store.Documents(countStatements[store.Document](h)) },
	"DocumentUses": func(h *hit) store.Query {
		return store.DocumentUses(time.Time{}, countStatements[store.DocumentUse](h))
	},
	"Finds": single(func(b *bool) store.Query { return store.MatchesAnyCourse("web", edu.CourseConditions{}, b) }),
}

var (
	page           = edu.PageArgs{Limit: 3, Columns: edu.AllColumns}
	everyCondition = edu.CourseConditions{
		CategoryID: 2, InstructorID: 2, Difficulty: edu.DifficultyIntermediate, Price: edu.PriceFree,
		MinRating: new(float64), MaxDurationSeconds: ptr(100_000), Tags: []string{"web"},
	}
	watched = every(3000)
)

func ptr[T any](v T) *T { return &v }

func every(n int64) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i) + 1
	}
	return list
}

func single[V comparable](query func(*V) store.Query) func(*hit) store.Query {
	return func(h *hit) store.Query {
		v, zero := new(V), *new(V)
		q := query(v)
		h.found = func() bool { return *v != zero }
		return q
	}
}

// Every query gives a row, alone and among all others in one round trip.
func TestEveryQuery(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	exec(t, db, "SELECT refresh_related(ARRAY[24::bigint])")
	if _, err := s.PushDocuments(t.Context(), []store.Document{{ID: "1", Body: "{ categories { name } }"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordDocumentUses(t.Context(), []store.DocumentUse{{Document: "1", LastUsed: testdb.Now, Count: 1}}); err != nil {
		t.Fatal(err)
	}
	hits, queries := map[string]*hit{}, []store.Query{}
	for name, query := range known {
		hits[name] = &hit{}
		queries = append(queries, query(hits[name]))
		if err := s.RunQueries(t.Context(), query(&hit{})); err != nil {
			t.Errorf("%s alone: %v", name, err)
		}
	}
	sent := statements(t, func(ctx context.Context) {
		if err := s.RunQueries(ctx, queries...); err != nil {
			t.Fatal(err)
		}
	})
	for name, h := range hits {
		if h.rows == 0 && (h.found == nil || !h.found()) {
			t.Errorf("%s finds nothing", name)
		}
	}
	if sent.StatementCount() != int64(len(queries)) || sent.RoundTripCount() != 1 {
		t.Errorf("%d statements in %d round trips, want %d in 1", sent.StatementCount(), sent.RoundTripCount(), len(queries))
	}
}

// A query that nobody runs here is one that nobody knows to be right.
func TestEveryQueryIsKnown(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || f.Type.Results == nil {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Query" && known[f.Name.Name] == nil {
				t.Errorf("TestEveryQuery does not run %s", f.Name.Name)
			}
		}
	}
}

// Nothing to read costs nothing.
func TestRunOfNothing(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	sent := statements(t, func(ctx context.Context) {
		if err := s.RunQueries(ctx); err != nil {
			t.Error(err)
		}
	})
	if sent.RoundTripCount() != 0 {
		t.Errorf("nothing took %d round trips", sent.RoundTripCount())
	}
}
