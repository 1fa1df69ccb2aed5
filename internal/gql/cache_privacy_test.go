package gql

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// cacheEverything is the policy of a schema without any annotation of scope, and with the
// most generous of age: all may be kept, and shared by everyone.
type cacheEverything struct{}

func (cacheEverything) OperationPolicy(_ *ast.QueryDocument, op *ast.OperationDefinition, _ map[string]any) respcache.Policy {
	if op.Operation != ast.Query {
		return respcache.Policy{}
	}
	return respcache.Policy{MaxAge: time.Hour}
}

func (cacheEverything) NeverCacheable(*ast.QueryDocument, *ast.OperationDefinition) bool {
	return false
}

// newFollowedLog returns a log in the memory of this process, in use.
func newFollowedLog(t *testing.T, db *store.Store) *invalidation.Log {
	t.Helper()
	l := invalidation.New(nil, slog.New(slog.DiscardHandler))
	followChanges(t, l, db)
	return l
}

// TestNoForeignByte asks random queries over the whole schema as 50 users, whatever
// the annotations say, of a server that keeps answers and of one that does not, and
// compares every byte.
func TestNoForeignByte(t *testing.T) {
	t.Parallel()
	asked, hits, foreign := measurePrivacy(t, false)
	t.Logf("%d questions of 50 users, %d hits, %d foreign answers", asked, hits, foreign)
	if foreign > 0 || hits < asked/5 {
		t.Errorf("%d of %d answers were somebody else's, with %d hits", foreign, asked, hits)
	}
}

// A server that does not note who was looked at is found out.
func TestForeignBytesAreFound(t *testing.T) {
	t.Parallel()
	asked, hits, foreign := measurePrivacy(t, true)
	t.Logf("%d questions of 50 users, %d hits, %d foreign answers", asked, hits, foreign)
	if foreign == 0 {
		t.Errorf("of %d answers, %d of them hits, none was found to be somebody else's", asked, hits)
	}
}

// measurePrivacy returns how many questions were asked, how many answers were kept ones, and
// how many were not what the one who asked would get from the database.
func measurePrivacy(t *testing.T, blind bool) (asked, hits, foreign int) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	kept := respcache.New(respcache.Options{InvalidationLog: newFollowedLog(t, db), MaxBytes: 64 << 20})
	t.Cleanup(kept.Close)
	o := Options{
		Store: db, Log: slog.New(slog.DiscardHandler), Introspection: true,
		Now: func() time.Time { return testdb.Now }, Limits: limits.Defaults(),
	}
	o.Limits.RootFields, o.Limits.Aliases, o.Limits.SameFieldPerSet, o.Limits.RepeatedNames, o.Limits.Directives, o.Limits.Cost = 100, 1000, 1000, 1000, 1000, 1e6
	fresh := New(o)
	o.ResponseCache, o.policies, o.skipTracking = kept, cacheEverything{}, blind
	caching := New(o)

	users := createFiftyViewers(t, db)
	q := &queries{schema: ExecutableSchema().Schema(), random: rand.New(rand.NewPCG(11, 11)), ids: fetchIDs(t, fresh)}
	for _, u := range users[:8] { // of what belongs to somebody
		q.ids = append(q.ids, edu.NewID(edu.KindUser, u.ID).String())
	}
	for range 160 {
		query := q.next()
		if q.allowed = q.chance(0.8); q.chance(0.5) {
			query = strings.TrimSuffix(query, "}") + ownDataQueries[q.random.IntN(len(ownDataQueries))] + "}"
		}
		few := q.random.Perm(len(users))[:4]
		for range 12 {
			v := users[few[q.random.IntN(len(few))]]
			r := newQueryRequest(query, map[string]any{"yes": true, "no": false})
			w := serve(caching, r.WithContext(edu.WithViewer(r.Context(), v)))
			if strings.Contains(w.Header().Get("Cache-Status"), "; hit") {
				hits++
			}
			got, want := parseResult(w.Body.String()), ask(fresh, v, query)
			asked++
			if got.Data != want.Data || (len(got.Errors) == 0) != (len(want.Errors) == 0) {
				if foreign++; !blind {
					t.Errorf("as %+v, %s\n%s\ngot  %.2000s %.500v\nwant %.2000s %.500v", v, w.Header().Get("Cache-Status"), query, got.Data, got.Errors, want.Data, want.Errors)
				}
				if foreign == 3 {
					return asked, hits, foreign
				}
			}
			if w.Code != http.StatusOK && len(want.Errors) == 0 {
				t.Errorf("answered %d", w.Code)
			}
		}
	}
	return asked, hits, foreign
}

// ownDataQueries are questions that each gets another answer to.
var ownDataQueries = []string{
	" own: viewer { id name email plan lastLogin preferences { theme } }",
	" own: viewer { dashboard { enrolledCoursesCount watchTimeSeconds recentActivity { id progress course { title } } } }",
	" own: viewer { enrollments(first: 3) { totalCount nodes { id course { slug viewerEnrollment { status } } } } }",
	" own: courses(first: 5) { nodes { title viewerEnrollment { progress } videos(first: 2) { nodes { viewerProgress { progressSeconds } } } } }",
	" own: viewer { coursesTaught { totalCount nodes { slug published } } dashboard { recommendedCourses { slug } } }",
	" own: viewer { role }",
}

// createFiftyViewers are the three of the demo, some who teach, students, and nobody.
func createFiftyViewers(t *testing.T, db *store.Store) []edu.Viewer {
	t.Helper()
	users := []edu.Viewer{{}}
	rows, err := db.PrimaryPool().Query(t.Context(), `(SELECT id, upper(role), upper(plan) FROM users WHERE id <= 3)
		UNION ALL (SELECT id, upper(role), upper(plan) FROM users WHERE id > 3 AND role = 'instructor' ORDER BY id LIMIT 8)
		UNION ALL (SELECT user_id, 'STUDENT', 'FREE' FROM enrollments GROUP BY user_id HAVING user_id > 3 ORDER BY count(*) DESC, user_id LIMIT 38)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v edu.Viewer
		if err := rows.Scan(&v.ID, (*string)(&v.Role), (*string)(&v.Plan)); err != nil {
			t.Fatal(err)
		}
		users = append(users, v)
	}
	if len(users) != 50 {
		t.Fatalf("there are %d users", len(users))
	}
	return users
}
