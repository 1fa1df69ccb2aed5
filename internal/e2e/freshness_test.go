package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	// freshServers is the number of servers that share a Redis.
	freshServers = 4
	// freshCourses is the number of courses that are written, each by one client at a time.
	freshCourses = 20
	// freshReaders is the number of requests at a time. Many of them wait for a server that is stopped.
	freshReaders = 64
	// freshWriteInterval is the pause between the writes of a course.
	freshWriteInterval = 100 * time.Millisecond
)

// freshFleet is servers with one Redis, whose cached responses are compared with the acknowledged writes.
type freshFleet struct {
	env     []string
	bearer  string // of an administrator
	client  *http.Client
	servers [freshServers]atomic.Pointer[program]
	courses []string // ids

	acknowledged   [freshCourses]atomic.Int64 // the version of each course that was written last
	left           atomic.Int64               // reads
	hits, failures atomic.Int64
	writes         atomic.Int64 // that were acknowledged

	mu    sync.Mutex
	stale []string // responses from before an acknowledged write
}

func startFreshFleet(t *testing.T, redisURL string, reads int64) *freshFleet {
	t.Helper()
	f := &freshFleet{
		env:    []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret, "REDIS_URL=" + redisURL, "MAX_CONNECTIONS_PER_ADDRESS=1000", "SHUTDOWN_TIMEOUT=2s", "OVERLOAD_STALE=0s"},
		client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}},
	}
	f.left.Store(reads)
	for i := range f.servers {
		f.servers[i].Store(serve7p(t, f.env...))
	}
	f.bearer = "Bearer " + strings.TrimSpace(mustRun7p(t, f.env[:2], "token", "--email", "admin@7p.example"))
	list := f.servers[0].Load().query(t, fmt.Sprintf("{ courses(first: %d) { nodes { id } } }", freshCourses), nil)
	for i := range freshCourses {
		f.courses = append(f.courses, list.At("courses", "nodes", i, "id").(string))
	}
	return f
}

// post sends a query to one of the servers, and returns the text of the response, "" if there is none.
func (f *freshFleet) post(query, bearer string) (text string, hit bool) {
	url := f.servers[rand.IntN(freshServers)].Load().base + "/graphql"
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(gqltest.QueryBody(query, nil)))
	if err != nil {
		return "", false
	}
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", bearer)
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || strings.Contains(string(body), `"errors":`) {
		return "", false
	}
	return string(body), isHit(resp.Header.Get("Cache-Status"))
}

var freshVersion = regexp.MustCompile(`Version (\d+)\.`)

// write writes the versions of a course until all reads are done. A write without a response may have happened.
func (f *freshFleet) write(course int) {
	for version := int64(1); f.left.Load() > 0; version++ {
		text, _ := f.post(fmt.Sprintf(`mutation { updateCourse(input: {id: %q, title: "Version %d."}) { course { title } } }`, f.courses[course], version), f.bearer)
		if strings.Contains(text, fmt.Sprintf("Version %d.", version)) {
			f.acknowledged[course].Store(version)
			f.writes.Add(1)
		}
		time.Sleep(rand.N(2 * freshWriteInterval))
	}
}

// read reads courses, and checks that each response has what was acknowledged before its request.
func (f *freshFleet) read() {
	for f.left.Load() > 0 {
		course := rand.IntN(freshCourses)
		least := f.acknowledged[course].Load()
		text, hit := f.post(fmt.Sprintf("{ course(id: %q) { title } }", f.courses[course]), "")
		if text == "" {
			f.failures.Add(1)
			time.Sleep(time.Millisecond)
			continue
		}
		f.left.Add(-1)
		if hit {
			f.hits.Add(1)
		}
		var version int64
		if m := freshVersion.FindStringSubmatch(text); m != nil {
			version, _ = strconv.ParseInt(m[1], 10, 64)
		}
		if version < least {
			f.mu.Lock()
			f.stale = append(f.stale, fmt.Sprintf("%s, after the write of version %d; a hit: %v", text, least, hit))
			f.mu.Unlock()
		}
	}
}

// disturb stops, kills and restarts the servers, and fails Redis over, until all reads are done.
func (f *freshFleet) disturb(t *testing.T, sentinel *redistest.Sentinel) (disturbances int) {
	t.Helper()
	pause := func(d time.Duration) func() { return func() { time.Sleep(d) } }
	for n := 0; f.left.Load() > 0; n++ {
		one, other := &f.servers[n%freshServers], &f.servers[(n+1)%freshServers]
		for _, event := range []func(){
			func() { one.Load().sendSignal(t, syscall.SIGSTOP) }, pause(50 * time.Millisecond),
			func() { one.Load().sendSignal(t, syscall.SIGCONT) }, pause(300 * time.Millisecond),
			func() { one.Load().sendSignal(t, syscall.SIGSTOP) }, pause(time.Second),
			func() { one.Load().sendSignal(t, syscall.SIGCONT) }, pause(300 * time.Millisecond),
			func() { other.Load().signal(t, syscall.SIGKILL) }, pause(300 * time.Millisecond),
			func() { other.Store(serve7p(t, f.env...)) }, pause(300 * time.Millisecond),
			sentinel.FailOver, pause(time.Second),
			func() { one.Load().signal(t, syscall.SIGTERM); one.Store(serve7p(t, f.env...)) }, pause(time.Second),
		} {
			event()
		}
		disturbances += 6
	}
	return disturbances
}

// Over four servers with one Redis behind a Sentinel, which are stopped, killed, restarted and failed over in turn, no
// response is older than a write that was acknowledged before its request.
func TestFreshness(t *testing.T) {
	t.Parallel()
	text := os.Getenv("FRESH_READS")
	if text == "" {
		t.Skip("four servers under load take minutes: make freshness")
	}
	reads, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	sentinel := redistest.StartSentinel(t, "+@all ~* &*")
	f := startFreshFleet(t, sentinel.URL(), reads)
	var clients sync.WaitGroup
	for course := range freshCourses {
		clients.Go(func() { f.write(course) })
	}
	for range freshReaders {
		clients.Go(f.read)
	}
	disturbances := f.disturb(t, sentinel)
	clients.Wait()
	t.Logf("%d reads, of which %d were hits, %d requests failed; %d writes, %d disturbances: %d stale", reads, f.hits.Load(), f.failures.Load(), f.writes.Load(), disturbances, len(f.stale))
	for _, text := range f.stale[:min(len(f.stale), 5)] {
		t.Errorf("stale: %s", text)
	}
	if f.hits.Load() < reads/4 || f.writes.Load() == 0 {
		t.Errorf("%d hits and %d writes prove nothing", f.hits.Load(), f.writes.Load())
	}
}
