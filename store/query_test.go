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

// queryResult records the rows of a query, or whether it set a value that is not zero.
type queryResult struct {
	rows  int
	found func() bool
}

// countRow returns a function that counts rows.
func countRow[V any](r *queryResult) func(V) { return func(V) { r.rows++ } }

// countChildRow returns a function that counts rows with the id of a parent.
func countChildRow[V any](r *queryResult) func(int64, V) { return func(int64, V) { r.rows++ } }

// knownQueries are the queries by the name of their function, with arguments that match rows of the
// demo data.
var knownQueries = map[string]func(*queryResult) store.Query{
	"CoursesByID": func(r *queryResult) store.Query {
		return store.CoursesByID([]int64{1, 24, 999999}, edu.AllColumns, countRow[*edu.Course](r))
	},
	"CourseBySlug": func(r *queryResult) store.Query {
		return store.CourseBySlug("vue-fundamentals", 0, countRow[*edu.Course](r))
	},
	"Courses": func(r *queryResult) store.Query {
		return store.Courses(everyCondition, edu.NewestCourses, page, countRow[*edu.Course](r))
	},
	"CoursesByCategory": func(r *queryResult) store.Query {
		return store.CoursesByCategory([]int64{1, 2}, edu.NewestCourses, page, countChildRow[*edu.Course](r))
	},
	"CoursesByInstructor": func(r *queryResult) store.Query {
		return store.CoursesByInstructor([]int64{2}, edu.TaughtCourses{Drafts: true, Order: edu.NewestCourses}, page, countChildRow[*edu.Course](r))
	},
	"CountCoursesByInstructor": func(r *queryResult) store.Query {
		return store.CountCoursesByInstructor([]int64{2}, edu.TaughtCourses{}, countChildRow[int](r))
	},
	"RelatedCourses": func(r *queryResult) store.Query {
		return store.RelatedCourses([]int64{24}, 5, edu.AllColumns, countChildRow[*edu.Course](r))
	},
	"Categories":     func(r *queryResult) store.Query { return store.Categories(countRow[*edu.Category](r)) },
	"CategoriesByID": func(r *queryResult) store.Query { return store.CategoriesByID([]int64{1}, countRow[*edu.Category](r)) },
	"CategoryBySlug": func(r *queryResult) store.Query {
		return store.CategoryBySlug("web-development", countRow[*edu.Category](r))
	},
	"TopCategories": func(r *queryResult) store.Query { return store.TopCategories(3, countRow[*edu.Category](r)) },
	"UsersByID": func(r *queryResult) store.Query {
		return store.UsersByID([]int64{1, 2}, edu.AllColumns, countRow[*edu.User](r))
	},
	"UserBySlug": func(r *queryResult) store.Query { return store.UserBySlug("daniel-okafor", countRow[int64](r)) },
	"InstructorFigures": func(r *queryResult) store.Query {
		return store.InstructorFigures([]int64{2}, countRow[*edu.InstructorFigures](r))
	},
	"LookupAccount": func(r *queryResult) store.Query {
		return store.LookupAccount(0, "STUDENT@7p.example", 0, countRow[store.Account](r))
	},
	"CredentialsByEmail": func(r *queryResult) store.Query {
		return store.CredentialsByEmail("STUDENT@7p.example", countRow[store.Credentials](r))
	},
	"CredentialsByID": func(r *queryResult) store.Query { return store.CredentialsByID(1, countRow[store.Credentials](r)) },
	"CredentialsByMailToken": func(r *queryResult) store.Query {
		return store.CredentialsByMailToken(store.MailPasswordReset, numberedToken(1).Hash, countRow[store.Credentials](r))
	},
	"SessionsByUser": func(r *queryResult) store.Query { return store.SessionsByUser(1, 5, countRow[*edu.Session](r)) },
	"SectionsByID": func(r *queryResult) store.Query {
		return store.SectionsByID([]int64{1}, countRow[*edu.Section](r))
	},
	"SectionsByCourse": func(r *queryResult) store.Query {
		return store.SectionsByCourse([]int64{1, 24}, countChildRow[*edu.Section](r))
	},
	"VideosByID": func(r *queryResult) store.Query { return store.VideosByID([]int64{1}, countRow[*edu.Video](r)) },
	"VideosByCourse": func(r *queryResult) store.Query {
		return store.VideosByCourse([]int64{1, 24}, page, countChildRow[*edu.Video](r))
	},
	"ProgressByVideo": func(r *queryResult) store.Query {
		return store.ProgressByVideo(1, manyVideos, countRow[*edu.VideoProgress](r))
	},
	"ReviewsByID": func(r *queryResult) store.Query { return store.ReviewsByID([]int64{1}, countRow[*edu.Review](r)) },
	"ReviewsByCourse": func(r *queryResult) store.Query {
		joined := page
		joined.JoinedColumns = edu.UserName
		return store.ReviewsByCourse([]int64{24}, edu.ReviewList{Rating: 5, Order: edu.NewestReviews}, joined, func(review *edu.Review, author *edu.User) {
			if author.ID == review.AuthorID && author.Name != "" {
				countRow[*edu.Review](r)(review)
			}
		})
	},
	"ReviewsByUser": func(r *queryResult) store.Query {
		return store.ReviewsByUser(1, idsUpTo(200), countRow[*edu.Review](r))
	},
	"CountReviewsByCourse": func(r *queryResult) store.Query {
		return store.CountReviewsByCourse([]int64{24}, 5, countChildRow[int](r))
	},
	"WishlistByUser": func(r *queryResult) store.Query {
		return store.WishlistByUser([]int64{1}, page, countChildRow[*edu.WishlistItem](r))
	},
	"CountWishlistByUser": func(r *queryResult) store.Query {
		return store.CountWishlistByUser([]int64{1}, countChildRow[int](r))
	},
	"WishlistItems": func(r *queryResult) store.Query {
		return store.WishlistItems(1, idsUpTo(200), countRow[*edu.WishlistItem](r))
	},
	"CertificateByCode": func(r *queryResult) store.Query {
		return store.CertificateByCode(certificateCode, countRow[*edu.Certificate](r))
	},
	"CertificatesByID": func(r *queryResult) store.Query {
		return store.CertificatesByID([]int64{1}, countRow[*edu.Certificate](r))
	},
	"CertificatesByUser": func(r *queryResult) store.Query {
		return store.CertificatesByUser([]int64{1}, page, countChildRow[*edu.Certificate](r))
	},
	"CountCertificatesByUser": func(r *queryResult) store.Query {
		return store.CountCertificatesByUser([]int64{1}, countChildRow[int](r))
	},
	"CertificatesInCourses": func(r *queryResult) store.Query {
		keys := make([]edu.UserCourse, 200)
		for i := range keys {
			keys[i] = edu.UserCourse{UserID: 1, CourseID: int64(i) + 1}
		}
		return store.CertificatesInCourses(keys, countRow[*edu.Certificate](r))
	},
	"EnrollmentsByID": func(r *queryResult) store.Query {
		return store.EnrollmentsByID([]int64{1}, countRow[*edu.Enrollment](r))
	},
	"EnrollmentsInCourses": func(r *queryResult) store.Query {
		return store.EnrollmentsInCourses(1, idsUpTo(200), countRow[*edu.Enrollment](r))
	},
	"EnrollmentsByUser": func(r *queryResult) store.Query {
		return store.EnrollmentsByUser([]int64{1}, store.EnrollmentList{Status: edu.Completed, Order: edu.LastOpenedEnrollments}, page, countChildRow[*edu.Enrollment](r))
	},
	"CountEnrollmentsByUser": func(r *queryResult) store.Query {
		return store.CountEnrollmentsByUser([]int64{1}, edu.InProgress, countChildRow[int](r))
	},
	"ContinuedEnrollments": func(r *queryResult) store.Query {
		return store.ContinuedEnrollments(1, 5, countRow[*edu.Enrollment](r))
	},
	"LearningStates": func(r *queryResult) store.Query {
		return store.LearningStates([]edu.UserCourse{{UserID: 1, CourseID: 24}, {UserID: 2, CourseID: 1}}, countRow[*edu.LearningState](r))
	},
	"EnrollmentsByCourse": func(r *queryResult) store.Query {
		return store.EnrollmentsByCourse([]int64{24}, page, countChildRow[*edu.Enrollment](r))
	},
	"RecentEnrollments": func(r *queryResult) store.Query {
		return store.RecentEnrollments(1, testdb.Now.AddDate(-1, 0, 0), 5, countRow[*edu.Enrollment](r))
	},
	"WatchTimeSeries": func(r *queryResult) store.Query {
		return store.WatchTimeSeries(1, edu.IntervalDay, testdb.Now.AddDate(0, -1, 0), countRow[edu.TimePoint](r))
	},
	"RecommendedCourses": func(r *queryResult) store.Query {
		return store.RecommendedCourses(1, 5, edu.AllColumns, countRow[*edu.Course](r))
	},
	"AnalyticsByCourse": func(r *queryResult) store.Query {
		return store.AnalyticsByCourse([]int64{24}, countRow[*edu.CourseAnalytics](r))
	},
	"TopCourses": func(r *queryResult) store.Query {
		return store.TopCourses(2, 5, edu.AllColumns, countRow[*edu.Course](r))
	},
	"InstructorEnrollments": func(r *queryResult) store.Query {
		return store.InstructorEnrollments(2, edu.IntervalWeek, testdb.Now.AddDate(-1, 0, 0), countRow[edu.TimePoint](r))
	},
	"PlatformEnrollments": func(r *queryResult) store.Query {
		return store.PlatformEnrollments(edu.IntervalMonth, testdb.Now.AddDate(-1, 0, 0), countRow[edu.TimePoint](r))
	},
	"SearchCourses": func(r *queryResult) store.Query {
		return store.SearchCourses(edu.SearchArgs{Query: "web", Page: page}, countRow[store.SearchHit](r))
	},
	"SearchGroups": func(r *queryResult) store.Query {
		return store.SearchGroups(edu.SearchArgs{Query: "web"}, countRow[store.SearchGroup](r))
	},
	"SearchFacet": func(r *queryResult) store.Query {
		return store.SearchFacet(edu.SearchArgs{Query: "web"}, edu.FacetTags, func(string, int) { r.rows++ })
	},
	"Corrections": func(r *queryResult) store.Query {
		return store.Corrections([]string{"pyton"}, false, countRow[store.Correction](r))
	},
	"Suggestions": func(r *queryResult) store.Query { return store.Suggestions("the", 3, countRow[string](r)) },
	"SuggestedTerms": func(r *queryResult) store.Query {
		return store.SuggestedTerms("web", 3, countRow[store.SuggestedTerm](r))
	},

	// Queries that return exactly one row, into a value that must not be zero.
	"CountCourses":    single(func(n *int) store.Query { return store.CountCourses(everyCondition, n) }),
	"DashboardCounts": single(func(c *edu.DashboardCounts) store.Query { return store.DashboardCounts(1, c) }),
	"CourseProgress": single(func(p *edu.CourseProgress) store.Query {
		return store.CourseProgress(24, p)
	}),
	"WatchTime": single(func(n *int) store.Query { return store.WatchTime(1, testdb.Now.AddDate(0, -1, 0), n) }),
	"InstructorTotals": single(func(t *edu.InstructorTotals) store.Query {
		return store.InstructorTotals(2, t)
	}),
	"PlatformTotals":   single(store.PlatformTotals),
	"ActiveUsers":      single(func(n *int) store.Query { return store.ActiveUsers(testdb.Now.AddDate(0, -1, 0), n) }),
	"DocumentsVersion": single(store.DocumentsVersion),
	"Documents":        func(r *queryResult) store.Query { return store.Documents(countRow[store.Document](r)) },
	"DocumentUses": func(r *queryResult) store.Query {
		return store.DocumentUses(time.Time{}, countRow[store.DocumentUse](r))
	},
	"LastPublishedCourse": single(store.LastPublishedCourse),
	"PublishedSlugs": func(r *queryResult) store.Query {
		return store.PublishedSlugs(0, 100, func(string, time.Time) { r.rows++ })
	},
	"MatchesAnyCourse": single(func(b *bool) store.Query { return store.MatchesAnyCourse("web", edu.CourseConditions{}, b) }),
}

var (
	page           = edu.PageArgs{Limit: 3, Columns: edu.AllColumns}
	everyCondition = edu.CourseConditions{
		CategoryIDs: []int64{2}, InstructorIDs: []int64{2}, Difficulties: []edu.Difficulty{edu.DifficultyIntermediate}, Price: edu.PriceFree,
		MinRating: new(float64), MaxDurationSeconds: ptr(100_000), Tags: []string{"web"},
	}
	manyVideos = idsUpTo(3000)
)

// certificateCode is the code of the first certificate of TestEveryQuery.
const certificateCode = "00000000-0000-4000-8000-000000000001"

func ptr[T any](v T) *T { return &v }

// idsUpTo returns the ids from 1 to n.
func idsUpTo(n int64) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i) + 1
	}
	return list
}

// single returns a query that sets one value.
func single[V comparable](query func(*V) store.Query) func(*queryResult) store.Query {
	return func(r *queryResult) store.Query {
		v, zero := new(V), *new(V)
		q := query(v)
		r.found = func() bool { return *v != zero }
		return q
	}
}

// Every query returns a row, both alone and in one round trip with all others.
func TestEveryQuery(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	exec(t, db, "SELECT refresh_related(ARRAY[24::bigint])")
	exec(t, db, "UPDATE certificates SET code = $1::text::uuid WHERE id = 1", certificateCode)
	exec(t, db, "WITH s AS (INSERT INTO sessions (user_id) VALUES (1) RETURNING id) INSERT INTO refresh_tokens SELECT sha256('1'), id, now(), now() + interval '1 day' FROM s")
	hash := numberedToken(1).Hash
	exec(t, db, "INSERT INTO account_tokens SELECT $1, id, 'password_reset', upper(email), now() + interval '1 day' FROM users WHERE id = 1", hash[:])
	if _, err := s.PushDocuments(t.Context(), []store.Document{{ID: "1", Body: "{ categories { name } }"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordDocumentUses(t.Context(), []store.DocumentUse{{Document: "1", LastUsed: testdb.Now, Count: 1}}); err != nil {
		t.Fatal(err)
	}
	results, queries := map[string]*queryResult{}, []store.Query{}
	for name, query := range knownQueries {
		results[name] = &queryResult{}
		queries = append(queries, query(results[name]))
		if err := s.RunQueries(t.Context(), query(&queryResult{})); err != nil {
			t.Errorf("%s alone: %v", name, err)
		}
	}
	sent := recordStats(t, func(ctx context.Context) {
		if err := s.RunQueries(ctx, queries...); err != nil {
			t.Fatal(err)
		}
	})
	for name, r := range results {
		if r.rows == 0 && (r.found == nil || !r.found()) {
			t.Errorf("%s returns no rows", name)
		}
	}
	if sent.StatementCount() != int64(len(queries)) || sent.RoundTripCount() != 1 {
		t.Errorf("%d statements in %d round trips, want %d in 1", sent.StatementCount(), sent.RoundTripCount(), len(queries))
	}
}

// Every exported function that returns a Query is tested by TestEveryQuery.
func TestEveryQueryIsTested(t *testing.T) {
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
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Query" && knownQueries[f.Name.Name] == nil {
				t.Errorf("TestEveryQuery does not run %s", f.Name.Name)
			}
		}
	}
}

// RunQueries without queries sends nothing.
func TestRunQueriesWithoutQueries(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	sent := recordStats(t, func(ctx context.Context) {
		if err := s.RunQueries(ctx); err != nil {
			t.Error(err)
		}
	})
	if sent.RoundTripCount() != 0 {
		t.Errorf("no queries took %d round trips", sent.RoundTripCount())
	}
}
