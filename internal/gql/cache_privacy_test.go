package gql_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// cacheEverything is the policy of a schema with a long maxAge and without any scope: every response may be
// cached and shared by all viewers.
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

// TestNoForeignByte sends random queries over the whole schema as 50 users, to a server with a response cache
// and to one without, and compares every byte. The cache ignores the annotations of the schema.
func TestNoForeignByte(t *testing.T) {
	t.Parallel()
	m := measurePrivacy(t, gql.NewWithPolicies, func(v edu.Viewer, query string, resp *gqltest.Response, got, want gqltest.Result) {
		t.Errorf("as %+v, %s\n%s\ngot  %.2000s %.500v\nwant %.2000s %.500v", v, resp.Header.Get("Cache-Status"), query, got.Data, got.Errors, want.Data, want.Errors)
	})
	t.Logf("%d queries of 50 users, %d hits, %d foreign responses", m.queries, m.hits, m.foreign)
	if m.foreign > 0 || m.hits < m.queries/5 {
		t.Errorf("%d of %d responses belong to another user, with %d hits", m.foreign, m.queries, m.hits)
	}
}

// The test finds a server that does not record on which viewer a response depends.
func TestForeignBytesAreFound(t *testing.T) {
	t.Parallel()
	m := measurePrivacy(t, gql.NewUntracked, nil)
	t.Logf("%d queries of 50 users, %d hits, %d foreign responses", m.queries, m.hits, m.foreign)
	if m.foreign == 0 {
		t.Errorf("of %d responses, %d of them hits, none belongs to another user", m.queries, m.hits)
	}
}

// privacy counts queries, cache hits, and responses that differ from the one that the same viewer gets
// without a cache.
type privacy struct{ queries, hits, foreign int }

// measurePrivacy calls report, unless it is nil, for each foreign response, and stops after three.
func measurePrivacy(t *testing.T, newCaching func(gql.Options, respcache.PolicySource) *gql.Server,
	report func(v edu.Viewer, query string, resp *gqltest.Response, got, want gqltest.Result),
) (m privacy) {
	t.Helper()
	db := openDemoStore(t)
	o := generatorOptions(db)
	fresh := gql.New(o)
	o.ResponseCache, _ = newResponseCache(t, db)
	caching := newCaching(o, cacheEverything{})

	users := selectFiftyViewers(t, db)
	g := newQueryGenerator(11, fetchIDs(t, fresh))
	for _, u := range users[:8] { // of objects that belong to a user
		g.ids = append(g.ids, edu.NewID(edu.KindUser, u.ID).String())
	}
	for range testdb.Soak(14, 180) {
		text := g.generateQuery()
		if g.permissible = g.flipCoin(0.8); g.flipCoin(0.5) {
			text = strings.TrimSuffix(text, "}") + ownDataQueries[g.random.IntN(len(ownDataQueries))] + "}"
		}
		few := g.random.Perm(len(users))[:4]
		for range 12 {
			v := users[few[g.random.IntN(len(few))]]
			resp := queryGenerated(t, caching, v, text)
			if isHit(resp) {
				m.hits++
			}
			got, want := resp.Result(t), queryGenerated(t, fresh, v, text).Result(t)
			m.queries++
			if string(got.Data) != string(want.Data) || (len(got.Errors) == 0) != (len(want.Errors) == 0) {
				if m.foreign++; report != nil {
					report(v, text, resp, got, want)
				}
				if m.foreign == 3 {
					return m
				}
			}
			if resp.Status != http.StatusOK && len(want.Errors) == 0 {
				t.Errorf("status %d", resp.Status)
			}
		}
	}
	return m
}

// ownDataQueries have a different response for each viewer.
var ownDataQueries = []string{
	" own: viewer { id name email plan lastLogin preferences { theme } }",
	" own: viewer { dashboard { enrolledCoursesCount watchTimeSeconds recentActivity { id progress course { title } } } }",
	" own: viewer { enrollments(first: 3) { totalCount nodes { id course { slug viewerEnrollment { status } } } } }",
	" own: courses(first: 5) { nodes { title viewerEnrollment { progress } videos(first: 2) { nodes { viewerProgress { progressSeconds } } } } }",
	" own: viewer { coursesTaught { totalCount nodes { slug published } } dashboard { recommendedCourses { slug } } }",
	" own: viewer { role wishlist(first: 3) { totalCount nodes { addedAt course { slug } } } certificates(first: 3) { totalCount nodes { code } } }",
	" own: courses(first: 5) { nodes { title viewerHasWishlisted viewerReview { rating body } } }",
	" own: viewer { role }",
}

// selectFiftyViewers returns the three accounts of the demo, instructors, students and the anonymous viewer.
func selectFiftyViewers(t *testing.T, db *store.Store) []edu.Viewer {
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
