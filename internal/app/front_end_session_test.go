package app

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/ratelimit"
	"github.com/7p-education/api/internal/testdb"
)

// The operations of a front end.
const (
	homeText = `{ categories { id name courseCount courses(first: 4) { nodes { id slug title rating } } } }`

	catalogText = `query Catalog($after: String) { courses(first: 20, after: $after) {
		totalCount pageInfo { hasNextPage endCursor }
		nodes { id slug title description difficulty durationSeconds thumbnailUrl rating reviewCount enrollmentCount
			price { amount currencyCode } category { id name } instructor { id name } } } }`

	suggestText = `query Suggest($prefix: String!) { searchSuggestions(prefix: $prefix, first: 8) }`

	searchText = `query Search($query: String!) { searchCourses(query: $query) {
		totalCount didYouMean pageInfo { hasNextPage endCursor }
		facets { categories { count category { id name } } difficulties { count difficulty } }
		edges { score highlight { title description } node { id slug title rating price { amount } category { name } instructor { name } } } } }`

	courseText = `query CoursePage($slug: String!) { course(slug: $slug) {
		id title description tags difficulty durationSeconds rating reviewCount enrollmentCount publishedAt
		price { amount currencyCode } category { id name slug }
		instructor { id name coursesTaught(first: 3) { totalCount nodes { id slug title } } }
		videos(first: 50) { totalCount nodes { id title position durationSeconds } }
		reviews(first: 10) { totalCount nodes { id rating body createdAt author { id name } } }
		relatedCourses(first: 5) { id slug title rating }
		viewerEnrollment { id progress status } } }`

	dashboardText = `{ viewer { id name email dashboard {
		enrolledCoursesCount inProgressCoursesCount completedCoursesCount
		watchTimeSeconds(days: 30) watchTime(interval: DAY, last: 14) { at value }
		recentActivity(first: 10) { id progress status lastAccessedAt course { id slug title thumbnailUrl instructor { name } } }
		recommendedCourses(first: 5) { id slug title rating } } } }`

	signInText  = `mutation SignIn($in: SignInInput!) { session: signIn(input: $in) { accessToken refreshToken userErrors { code } } }`
	refreshText = `mutation Refresh($in: RefreshSessionInput!) { session: refreshSession(input: $in) { accessToken refreshToken userErrors { code } } }`
	enrollText  = `mutation Enroll($in: EnrollInput!) { enroll(input: $in) { enrollment { id progress course { id enrollmentCount } } userErrors { code } } }`
	watchText   = `mutation Watch($in: RecordVideoProgressInput!) { recordVideoProgress(input: $in) { recordedCount enrollments { id progress status } userErrors { code } } }`
)

// sessionWords are what the pupils search for: courses of the demo data.
var sessionWords = []string{"photography", "databases", "marketing", "watercolor", "spanish", "machine learning", "cooking", "statistics", "javascript", "guitar"}

// timeScale is how many times faster than real time the sessions of these tests run, with the windows of
// all rate limits, so that the buckets hold the same at each step.
const timeScale = 60

// classroom is a server, and what the sessions of a class behind one address saw of its limits.
type classroom struct {
	*Server
	start             time.Time
	requests          atomic.Int64
	delayed, rejected atomic.Int64
	signingIn         sync.Mutex // one hash of a password at a time: they are not faster than in real time
}

// openClassroom opens a server whose windows of limits pass as fast as the time of the class. It has no limit of
// concurrent queries, because ten minutes of queries within seconds may overload the machine.
func openClassroom(t *testing.T, dsn string) *classroom {
	t.Helper()
	var settings struct {
		config.Config `embed:""`
	}
	url, prefix := redistest.NewKeyspace(t)
	if _, err := config.Parse(&settings, &settings.Config, []string{
		"--database-url=" + dsn, "--jwt-secret=" + secret, "--redis-url=" + url, "--redis-prefix=" + prefix, "--max-concurrent-queries=off",
	}); err != nil {
		t.Fatal(err)
	}
	c := &settings.Config
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*ratelimit.Policy{&c.RateLimit, &c.RateLimitViewer, &c.RateLimitPremium, &c.RateLimitSignIn, &c.RateLimitEmail, &c.RateLimitCost, &c.RateLimitRegistrations} {
		p.Window /= timeScale
	}
	s, err := Open(t.Context(), c, new(logBuffer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, check := range s.shared.readinessChecks() {
		if err := check.Probe(t.Context()); err != nil { // connects
			t.Fatal(err)
		}
	}
	s.startBackground(t.Context())
	if err := s.responseCache.invalidation.AwaitLease(t.Context()); err != nil { // no response is cached before
		t.Fatal(err)
	}
	return &classroom{Server: s, start: time.Now()}
}

// pupil is one front end of the class.
type pupil struct {
	*classroom
	t       *testing.T
	number  int
	email   string
	bearer  string
	refresh string
	course  string // the slug of its course
}

// at waits for a time of the session.
func (p *pupil) at(d time.Duration) {
	select {
	case <-time.After(time.Until(p.start.Add(d / timeScale))):
	case <-p.t.Context().Done():
	}
}

// send sends an operation and records whether it was delayed or rejected.
func (p *pupil) send(text string, variables any) gqltest.Result {
	var headers []string
	if p.bearer != "" {
		headers = []string{"Authorization: Bearer " + p.bearer}
	}
	resp := gqltest.Serve(p.handler, gqltest.NewRequest(p.t.Context(), edu.Viewer{}, text, variables, headers...))
	p.requests.Add(1)
	if resp.Header.Get("Server-Timing") != "" {
		p.delayed.Add(1)
	}
	if resp.Status == http.StatusTooManyRequests {
		p.rejected.Add(1)
	}
	r := resp.Result(p.t)
	if len(r.Errors) > 0 {
		p.t.Errorf("pupil %d, %.30s: %s, %s", p.number, text, resp, resp.Header.Get("RateLimit"))
	}
	return r
}

// startSession signs in or refreshes.
func (p *pupil) startSession(text string, in map[string]string) {
	p.bearer = "" // a page that was reloaded has no access token
	r := p.send(text, map[string]any{"in": in})
	p.bearer, _ = r.At("session", "accessToken").(string)
	p.refresh, _ = r.At("session", "refreshToken").(string)
	if p.bearer == "" {
		p.t.Errorf("pupil %d: no session: %s", p.number, r)
	}
}

// search types a word with one request for each letter, 150 ms apart, and then searches for it.
func (p *pupil) search(start time.Duration, word string) {
	for n := range word {
		p.at(start + time.Duration(n)*150*time.Millisecond)
		p.send(suggestText, map[string]any{"prefix": word[:n+1]})
	}
	p.send(searchText, map[string]any{"query": word})
}

// browse pages through the catalog, searches and opens course pages, anonymously.
func (p *pupil) browse() {
	p.at(time.Duration(p.number) * 300 * time.Millisecond)
	p.send(homeText, nil)
	var after any
	for page := range 6 {
		p.at(time.Duration(10+4*page) * time.Second)
		r := p.send(catalogText, map[string]any{"after": after})
		after = r.At("courses", "pageInfo", "endCursor")
		p.course, _ = r.At("courses", "nodes", p.number%20, "slug").(string)
	}
	for n := range 3 {
		p.search(time.Duration(40+20*n)*time.Second, sessionWords[(p.number+n)%len(sessionWords)])
		p.send(courseText, map[string]any{"slug": p.course})
	}
}

// learn signs in, enrolls and watches a video with a heartbeat each 10 s until ten minutes are over. The
// page is reloaded five times meanwhile, and searches once.
func (p *pupil) learn() {
	begin := 100*time.Second + time.Duration(p.number)*6*time.Second
	p.at(begin)
	p.signingIn.Lock()
	p.startSession(signInText, map[string]string{"email": p.email, "password": demo.Password})
	p.signingIn.Unlock()
	p.send(dashboardText, nil)
	course := p.send(courseText, map[string]any{"slug": p.course})
	p.send(enrollText, map[string]any{"in": map[string]any{"courseId": course.At("course", "id")}})
	p.send(dashboardText, nil)
	video := course.At("course", "videos", "nodes", 0, "id")
	for n := 0; begin+time.Duration(n)*10*time.Second < 10*time.Minute; n++ {
		p.at(begin + time.Duration(n)*10*time.Second)
		p.send(watchText, map[string]any{"in": map[string]any{"events": []any{map[string]any{"videoId": video, "progressSeconds": 10 * n}}}})
		if n%6 == 5 && n < 30 {
			p.startSession(refreshText, map[string]string{"refreshToken": p.refresh})
			p.send(dashboardText, nil)
			p.send(courseText, map[string]any{"slug": p.course})
		}
		if n == 20 {
			p.search(begin+200*time.Second, sessionWords[p.number%len(sessionWords)])
		}
	}
}

// TestClassOfFrontEnds runs ten minutes of the front ends of a class of 30 behind one address, with the
// default limits: none of their requests is delayed or rejected.
func TestClassOfFrontEnds(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	rows, err := testdb.OpenPool(t, dsn).Query(t.Context(), `UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = 'student@7p.example')
		WHERE id IN (SELECT id FROM users WHERE role = 'student' AND plan = 'free' AND active ORDER BY id LIMIT 30) RETURNING email`)
	if err != nil {
		t.Fatal(err)
	}
	class := openClassroom(t, dsn)
	var pupils []*pupil
	for rows.Next() {
		p := &pupil{classroom: class, t: t, number: len(pupils)}
		if err := rows.Scan(&p.email); err != nil {
			t.Fatal(err)
		}
		pupils = append(pupils, p)
	}
	if len(pupils) != 30 {
		t.Fatalf("%d pupils", len(pupils))
	}
	var wg sync.WaitGroup
	for _, p := range pupils {
		wg.Go(func() { p.browse(); p.learn() })
	}
	wg.Wait()
	t.Logf("%d requests in %v", class.requests.Load(), time.Since(class.start))
	if class.delayed.Load()+class.rejected.Load() > 0 {
		t.Errorf("of %d requests %d were delayed and %d rejected", class.requests.Load(), class.delayed.Load(), class.rejected.Load())
	}
}
